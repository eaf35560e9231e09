"""Any accepted file, as rows of text: formats, packing, options, and what a broken one is told."""
