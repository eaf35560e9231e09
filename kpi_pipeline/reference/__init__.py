"""Code lists the measures stand on: CCS maps, MS-DRG tables, value sets, with where each comes from."""
