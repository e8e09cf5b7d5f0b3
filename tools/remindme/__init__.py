"""Sets, lists, shows and cancels reminders: `python -m tools.remindme --help`."""
