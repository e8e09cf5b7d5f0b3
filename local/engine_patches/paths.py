"""Where the engine answers to our own requests. This module imports nothing of the engine."""

CLOCK = "/_ministack/clock"
"""GET shows the cloud's clock. POST turns it: see `local.engine_patches.clock`."""

END_WAITS = "/_ministack/waits/end"
"""POST ends all waits of workflows that have begun."""
