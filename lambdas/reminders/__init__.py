"""The reminders app: its rules and its handlers."""
