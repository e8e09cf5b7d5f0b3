"""Command-line programs for people."""

import sys
from pathlib import Path

import terminal  # noqa: F401 - its answer to Ctrl-C is ours too

sys.path.insert(0, str(Path(__file__).parents[1] / "lambdas"))  # The Lambdas' folder is not installed anywhere.
