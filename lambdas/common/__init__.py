"""What the handlers of both apps share."""
