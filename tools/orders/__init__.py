"""The operator's command line: `python -m tools.orders --help`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "lambdas"))  # The Lambdas' folder is not installed anywhere.
