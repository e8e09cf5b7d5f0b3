"""Pictures for the docs, and the packages that only these need.

The packages lie in build/plots and not in `.venv`, so setup and the tests do not install them. `packages` makes them
importable. See decision D155.
"""

import importlib
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from terminal.errors import CommandError
from tools.install import ROOT

FOLDER = ROOT / "build" / "plots"
IMAGES = ROOT / "docs" / "images"

COLOURS = ("#4269d0", "#efb118", "#ff725c", "#6cc5b0", "#3ca951", "#a463f2", "#97bbf5", "#9c6b4e", "#9498a0", "#38b2ac")

STYLE = {
    "svg.fonttype": "none",
    # Otherwise each drawing would have other ids, and the file would change each time.
    "svg.hashsalt": "plots",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Arial", "sans-serif"],
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    # Readable on a dark page too.
    "figure.facecolor": "white",
}


def package(name: str) -> Any:
    """Imports a package of tools/plots/requirements.txt. Raises CommandError if it is not installed."""
    if str(FOLDER) not in sys.path:
        # At the end, so that our own versions of packages win.
        sys.path.append(str(FOLDER))
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise CommandError(f"the package {error.name} is missing: run `make plots`") from None


def figure(**options: Any) -> Any:
    """An empty figure of matplotlib, which needs no screen."""
    matplotlib = package("matplotlib")
    matplotlib.use("svg")
    matplotlib.rcParams.update(STYLE)
    return package("matplotlib.figure").Figure(layout="constrained", **options)


def save(drawn: Any, file: Path, *, shows: Mapping[str, Any]) -> None:
    """Writes a figure. An SVG says in its description what it shows, so that a test can compare it.

    Raises CommandError if the file cannot be written.
    """
    kind = file.suffix.removeprefix(".")
    if kind not in ("svg", "png"):
        raise CommandError(f"{file}: name a file that ends in .svg or .png")
    metadata = {"Date": None, "Description": json.dumps(shows)} if kind == "svg" else {}
    try:
        drawn.savefig(file, format=kind, dpi=150, metadata=metadata)
    except OSError as error:
        raise CommandError(f"{file}: {(error.strerror or 'cannot be written').lower()}") from None
    if kind == "svg":
        file.write_text(re.sub(r"[ \t]+$", "", file.read_text(), flags=re.M))


def shown(file: Path) -> Any:
    """What an SVG that `save` wrote shows."""
    import html

    found = re.search(r"<dc:description>(.*?)</dc:description>", file.read_text(), re.S)
    return json.loads(html.unescape(found[1])) if found else None
