"""The operator's command line: `python -m tools.orders --help`."""
