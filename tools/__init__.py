"""Command-line programs for people."""
