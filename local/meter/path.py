"""Where the engine answers with its counts. This module imports nothing of the engine."""

PATH = "/_ministack/meter"
"""GET answers `{"since", "counts", "levels", "busy"}`; DELETE forgets the counts first."""
