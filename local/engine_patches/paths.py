"""Where the engine answers to our own requests. This module imports nothing of the engine."""

END_WAITS = "/_ministack/waits/end"
"""POST ends all waits of workflows that have begun."""
