"""Simulates a day with a flash sale against AWS's quotas: `python -m tools.simulate --help`."""
