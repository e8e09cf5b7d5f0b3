"""Starts the engine like local/start_engine.py, and lets tests watch its workflows and make their calls fail."""

import sys
from pathlib import Path

if __name__ == "__main__":
    # At the end of the path, so that no module of the project hides another module of the same name.
    sys.path.append(str(Path(__file__).parents[3]))

    from ministack import app

    from local import engine_patches
    from tests.support.engine import asked, watched

    engine_patches.apply()
    # Last, because it wraps functions that the patches replace.
    watched.apply()
    asked.apply()
    app.main()
