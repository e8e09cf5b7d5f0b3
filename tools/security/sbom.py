"""`python -m tools.security.sbom`: lists the packages of the functions' layer in CycloneDX's format.

The same layer always gives the same file. `make sbom` runs it.
"""

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from stacks.layer import LAYER
from tools.install import ROOT
from tools.security import FOLDER, PROGRAMS

OUTPUT = ROOT / "build" / "sbom" / "layer.cdx.json"


def command(python: Path, output: Path) -> list[str]:
    """`--output-reproducible` leaves out the time and the random number of the file."""
    options = ["--output-reproducible", "--output-format=JSON", "--spec-version=1.6", "--validate"]
    return [str(PROGRAMS / "cyclonedx-py"), "environment", *options, "--output-file", str(output), str(python)]


def python_of_the_layer(folder: Path) -> Path:
    """Makes a Python that has the packages of the layer and no others."""
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    [packages] = folder.glob("lib/python3*/site-packages")
    (packages / "layer.pth").write_text(f"{LAYER / 'python'}\n")
    return folder / "bin" / "python"


def main() -> int:
    argparse.ArgumentParser(prog="python -m tools.security.sbom", description=__doc__).parse_args()
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    try:
        made = command(python_of_the_layer(FOLDER / "layer"), OUTPUT)
        subprocess.run(made, check=True, capture_output=True, text=True)
    except subprocess.CalledProcessError as error:
        said = (error.stderr or error.stdout or "").strip()
        print(f"error: the packages of the layer could not be listed:\n{said[-2000:]}", file=sys.stderr)
        return 1
    print(f"Wrote {OUTPUT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
