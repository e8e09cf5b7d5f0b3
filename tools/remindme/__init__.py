"""Reminders from the command line: `python -m tools.remindme --help`."""
