"""The stacks of the two apps, one module each, and the constructs they share."""

import os
from pathlib import Path

# CDK unpacks its modules into this folder. The default folder is in the home directory. CDK fails there if it cannot
# write, or if other users can.
# See decision D107.
os.environ["JSII_RUNTIME_PACKAGE_CACHE_ROOT"] = str(Path(__file__).parent.parent / "build" / "jsii")
