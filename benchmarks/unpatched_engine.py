"""Starts the engine as the laptop cloud does, but for all patches that are not needed for right results.

Without `conditional_writes` orders are lost or doubled under load, and what is then measured is not the same work.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    # Behind all others: no module of the project is then taken for another's of the same name.
    sys.path.append(str(Path(__file__).parent.parent))

    from ministack.app import main

    from local.engine_patches import conditional_writes

    conditional_writes.apply()
    main()
