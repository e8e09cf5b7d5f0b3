"""Finds problems of a planned or a deployed stage: `doctor --help`."""
