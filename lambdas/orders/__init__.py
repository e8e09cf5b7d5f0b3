"""The orders app: its rules, its table, its cache and its handlers."""
