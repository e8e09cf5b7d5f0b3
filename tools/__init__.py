"""Command-line programs for people."""

import terminal  # noqa: F401 - its answer to Ctrl-C is ours too
