"""`python -m tools.validation`: synthesises and validates the templates of each stage on AWS. `make check` runs it.

CDK takes most of the time to load its validation, so one process loads it once for all stages. CDK's command line would
take as long again for each stage. So this program reads CDK's report itself, as `cdk synth --strict` does.
"""

import argparse
import gc
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from stacks.names import LAPTOP_STAGE, STAGES

PROJECT = Path(__file__).parent.parent
OUTPUT = PROJECT / "build" / "cdk.out" / "check"

ON_AWS = tuple(name for name in STAGES if name != LAPTOP_STAGE)
"""CloudFormation never reads the templates of the laptop cloud. They have the resources of the other stages."""

# The sender does not matter, because nothing is deployed. With the consumer there are all stacks.
OPTIONS = {"sender": "ci@our-cats.org", "consumer": "on"}

REPORT = "validation-report.json"
"""What CDK's own validation finds. CDK also prints it."""


def synthesise(folder: Path, *, stage: str, build: Callable[[Any, Any], None] | None = None) -> Any:
    """Writes the templates of a stage, and CDK's report about them, into a folder of its own below `folder`.

    Returns the cloud assembly. `build` gets a CDK app and the stage, and adds the stacks. Without it, the app has all
    stacks of the stage.
    """
    os.environ["CDK_VALIDATION"] = "true"
    import aws_cdk as cdk

    import app
    from stacks.config import ALL_STAGES, stage_from_context
    from stacks.stage_checks import check_stages

    check_stages(ALL_STAGES)
    context = json.loads((PROJECT / "cdk.json").read_text())["context"]
    # Templates only name the files of functions, the layer and the page, so nothing has to be copied.
    context |= {
        "aws:cdk:enable-path-metadata": True,
        "aws:cdk:disable-asset-staging": True,
        "aws:cdk:bundling-stacks": [],
    }
    print(f"Synthesising the stage {stage}", flush=True)
    cdk_app = cdk.App(outdir=str(folder / stage), context=context)
    settings = stage_from_context({"stage": stage, **OPTIONS}.get)
    if build:
        build(cdk_app, settings)
    else:
        app.build(cdk_app, stage=settings)
    return cdk_app.synth()


def findings(assembly: Any) -> Iterator[str]:
    """The warnings and errors in a cloud assembly: what CDK's validation finds, and what constructs add.

    Raises FileNotFoundError if CDK has not validated the templates.
    """
    report = json.loads((Path(assembly.directory) / REPORT).read_text())
    # CDK reports an invalid template as a warning, and `cdk deploy` without `--strict` would deploy it.
    for violation in (one for plugin in report["pluginReports"] for one in plugin["violations"]):
        if violation["severity"] != "info":
            yield f"{violation['ruleName']}: {violation['description']}"
    for message in (one for stack in assembly.stacks for one in stack.messages):
        if message.level.name != "INFO":
            yield f"{message.id}: {message.entry.data}"


def main() -> None:
    argparse.ArgumentParser(
        prog="python -m tools.validation", description="Synthesises and validates the templates of each stage on AWS."
    ).parse_args()
    # Synthesis makes no garbage.
    gc.disable()
    refused = []
    for stage in ON_AWS:
        if found := list(findings(synthesise(OUTPUT, stage=stage))):
            print(*found, sep="\n", file=sys.stderr)
            refused.append(stage)
    if refused:
        sys.exit(f"error: the templates have warnings or errors: {', '.join(refused)}. The messages above say why")


if __name__ == "__main__":
    main()
