"""`python -m tools.validation`: synthesises and validates the templates of every stage. `make check` runs it.

CDK takes most of the time to load its validation. One process loads it once for all stages. CDK's command line then
reads the finished templates and reports. It stops at a warning.
"""

import argparse
import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parent.parent
OUTPUT = PROJECT / "build" / "cdk.out" / "check"

# The sender does not matter, because nothing is deployed. With the consumer there are all stacks.
OPTIONS = {"sender": "ci@our-cats.org", "consumer": "on"}


def synthesise(
    folder: Path, *, stages: Iterable[str] | None = None, build: Callable[[Any, Any], None] | None = None
) -> list[Path]:
    """Writes the templates of each stage, and CDK's report about them, into a folder of its own below `folder`.

    `build` gets a CDK app and a stage, and adds the stacks. Without it, the app has all stacks of the stage.
    """
    os.environ["CDK_VALIDATION"] = "true"
    import aws_cdk as cdk

    import app
    from stacks.config import ALL_STAGES, STAGES, stage_from_context
    from stacks.stage_checks import check_stages

    check_stages(ALL_STAGES)
    context = json.loads((PROJECT / "cdk.json").read_text())["context"]
    # Templates only name the files of functions, the layer and the page, so nothing has to be copied.
    context |= {
        "aws:cdk:enable-path-metadata": True,
        "aws:cdk:disable-asset-staging": True,
        "aws:cdk:bundling-stacks": [],
    }
    folders = []
    for name in stages or STAGES:
        print(f"Synthesising the stage {name}", flush=True)
        cdk_app = cdk.App(outdir=str(folder / name), context=context)
        stage = stage_from_context({"stage": name, **OPTIONS}.get)
        if build:
            build(cdk_app, stage)
        else:
            app.build(cdk_app, stage=stage)
        folders.append(Path(cdk_app.synth().directory))
    return folders


def is_accepted(assembly: Path) -> bool:
    """Whether CDK's command line finds neither an error nor a warning. It prints what it finds."""
    return not subprocess.run(["cdk", "synth", "--quiet", "--strict", "--app", str(assembly)], cwd=PROJECT).returncode


def main() -> None:
    argparse.ArgumentParser(
        prog="python -m tools.validation", description="Synthesises and validates the templates of every stage."
    ).parse_args()
    # Synthesis makes no garbage.
    gc.disable()
    refused = [assembly.name for assembly in synthesise(OUTPUT) if not is_accepted(assembly)]
    if refused:
        sys.exit(f"error: CDK refuses the templates of: {', '.join(refused)}. Its messages above say why")


if __name__ == "__main__":
    main()
