"""Starts the engine like the laptop cloud, but with only one patch, which correct results need.

Without `conditional_writes` the engine loses or doubles orders under load, so the two runs would not do the same work.
It also counts what AWS would bill, because `up` asks for the counts.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    # At the end of the path, so that no module of the project hides another module of the same name.
    sys.path.append(str(Path(__file__).parent.parent))

    from ministack.app import main

    from local import meter
    from local.engine_patches import conditional_writes

    conditional_writes.apply()
    meter.apply()
    main()
