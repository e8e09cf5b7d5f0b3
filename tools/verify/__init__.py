"""Compares the estimates of `make cost` with what AWS measured: `python -m tools.verify --help`."""
