"""Texts to measure the search for card numbers with. The same seed makes the same texts."""
