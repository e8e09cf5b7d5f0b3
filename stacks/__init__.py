"""The stacks of the two apps, one module each, and the few constructs they share."""

import os
from pathlib import Path

# CDK's library keeps its unpacked modules here. Its usual folder is in the home directory, where it fails if it cannot
# write, or if others can.
os.environ["JSII_RUNTIME_PACKAGE_CACHE_ROOT"] = str(Path(__file__).parent.parent / "build" / "jsii")
