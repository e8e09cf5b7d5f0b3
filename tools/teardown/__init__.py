"""Removes a stage from AWS: what it stops and loses, the stacks, and what stays."""
