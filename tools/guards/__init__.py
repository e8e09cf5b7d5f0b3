"""Refuses deployments that would lose something, and shows what a deployment changes."""
