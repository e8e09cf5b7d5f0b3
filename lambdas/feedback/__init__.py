"""What the recipients of reminders, SES and SNS report back after a reminder was sent."""
