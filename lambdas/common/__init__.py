"""Code that the handlers of both apps share."""
