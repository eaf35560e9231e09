"""The command line `kpi`: commands read arguments, call one library function and print."""
