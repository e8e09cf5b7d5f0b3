"""The function that sends the reminders that are due."""
