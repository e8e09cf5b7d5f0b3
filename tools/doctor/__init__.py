"""Finds problems of a planned or a deployed stage: `python -m tools.doctor --help`."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "lambdas"))  # The Lambdas' folder is not installed anywhere.
# Reading the stages starts Node, which is installed beside this Python.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
