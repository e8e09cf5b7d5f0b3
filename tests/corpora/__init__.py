"""Random texts that measure the search for card numbers. The same seed makes the same texts."""
