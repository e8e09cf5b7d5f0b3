"""Verifies a deployed stage from outside: `python -m tools.verify --help`."""
