"""Where the engine answers to our own requests. This module imports nothing of the engine."""

CLOCK = "/_ministack/clock"
"""GET shows the cloud's clock. POST turns it: see `local.engine_patches.clock`."""

ALL_TIMES = "all-times"
"""With this parameter, a turn of the clock leaves out no time of a rule."""

END_WAITS = "/_ministack/waits/end"
"""POST ends all waits of workflows that have begun."""
