"""Finds problems of a planned or a deployed stage: `python -m tools.doctor --help`."""
