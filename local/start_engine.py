"""Starts MiniStack as `python -m ministack` does, with patches that close gaps which cannot be closed from outside.

Each patch is a module of the package `engine_patches`.

See decision D111.
"""

import sys
from pathlib import Path

if __name__ == "__main__":
    # At the end of the path, so that no module of the project hides another module of the same name.
    sys.path.append(str(Path(__file__).parent.parent))

    from ministack import app

    from local import engine_patches

    engine_patches.apply()
    app.main()
