"""The rules and the handlers of the reminders app."""
