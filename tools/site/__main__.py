"""`python -m tools.site`: builds the site of the documentation in build/site. `make docs` runs it."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from terminal import app
from terminal.errors import CommandError
from tools import command
from tools.install import ROOT
from tools.site.layout import Layout, LinkError, navigation

HERE = Path(__file__).parent
MERMAID = ROOT / "tools" / "checks" / "node_modules" / "@mermaid-js" / "tiny" / "dist" / "mermaid.tiny.js"
SITE = ROOT / "build" / "site"


def build(root: Path, source: Path, site: Path) -> int:
    """Builds the site of the project in `root`, and returns the number of its pages. Raises CommandError.

    `source` is the folder for the input of MkDocs. The build replaces `source` and `site`.
    """
    if not MERMAID.exists():
        raise CommandError(f"{MERMAID.relative_to(ROOT)} is missing: run make setup-dev")
    if not (root / "docs" / "index.md").exists():
        raise CommandError("docs/index.md is missing: write this page, which is the first one and links to the others")
    shutil.rmtree(source, ignore_errors=True)
    pages = source / "pages"
    layout = Layout(root)
    try:
        layout.write(pages)
    except LinkError as error:
        raise CommandError(str(error)) from None
    shutil.copytree(HERE / "assets", pages / "assets")
    shutil.copyfile(MERMAID, pages / "assets" / "mermaid.js")
    shutil.copyfile(root / "website" / "favicon.svg", pages / "assets" / "favicon.svg")
    settings = {
        "INHERIT": str(HERE / "mkdocs.yml"),
        "docs_dir": str(pages),
        "site_dir": str(site),
        "nav": navigation(layout),
    }
    # JSON is YAML too.
    (source / "mkdocs.yml").write_text(json.dumps(settings, indent=2))
    mkdocs = [sys.executable, "-m", "mkdocs", "build", "--strict", "-f", str(source / "mkdocs.yml")]
    # Otherwise the theme prints a notice at each build: its support ends in May 2027.
    run = subprocess.run(mkdocs, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True)
    said = [line for line in (run.stdout + run.stderr).splitlines() if line and not line.startswith("INFO")]
    if run.returncode or said:
        raise CommandError("\n".join(["MkDocs could not build the site without a warning:", "", *said]))
    return len(list(site.rglob("*.html")))


def main(arguments: list[str] | None = None) -> int:
    return command.exit_status(lambda: app.invoke(APP, "python -m tools.site", arguments))


def run() -> int:
    count = build(ROOT, ROOT / "build" / "site-source", SITE)
    print(f"{SITE.relative_to(ROOT)} has {count} pages. To read them with their search:")
    print("  .venv/bin/python -m http.server --bind 127.0.0.1 --directory build/site 8000")
    print("and open http://127.0.0.1:8000/")
    return 0


APP = app.of_one_command(
    run, help="Builds the site of the documentation in build/site, from docs/ and the files that docs/ links to."
)


if __name__ == "__main__":
    sys.exit(main())
