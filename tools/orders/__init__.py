"""The operator's command line: `orders --help`."""
