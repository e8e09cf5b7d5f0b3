"""The web page: what publishes it."""
