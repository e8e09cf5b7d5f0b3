"""The function that publishes the web page."""
