"""Says what a month costs: `python -m tools.cost --help`."""
