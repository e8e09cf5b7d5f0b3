"""Starts the engine like the laptop cloud, but only with the patches that the apps cannot do without.

Without `types`, `versions` and `metrics` the engine refuses the templates. Without `conditional_writes` it loses or
doubles orders under load, so the two runs would not do the same work. `up` asks for the counts of `meter`.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    # At the end of the path, so that no module of the project hides another module of the same name.
    sys.path.append(str(Path(__file__).parent.parent))

    from ministack.app import main

    from local import meter, metrics
    from local.engine_patches import conditional_writes, types, versions

    conditional_writes.apply()
    types.apply()
    versions.apply()
    meter.apply()
    metrics.apply()
    main()
