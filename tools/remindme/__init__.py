"""Sets, lists, shows and cancels reminders: `remindme --help`."""
