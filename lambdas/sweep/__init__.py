"""The function that settles lost reminders."""
