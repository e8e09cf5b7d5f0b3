"""Deploys synthesised stacks with the calls of `cdk deploy`, which take a part of the time of CDK's command."""

import json
from pathlib import Path

from local import code_only, gaps
from local.engine import Engine


def deploy_stacks(engine: Engine, assembly: Path) -> None:
    """Creates all stacks of the templates in `assembly`. The engine must be bootstrapped.

    The buckets and queues then also accept calls without TLS, as the program makes them here.
    """
    gaps.allow_plain_http(engine)
    artifacts = json.loads((assembly / "manifest.json").read_bytes())["artifacts"]
    names = [name for name, one in artifacts.items() if one["type"] == "aws:cloudformation:stack"]
    for name in code_only.in_order(names, artifacts):
        stack = artifacts[name]["properties"]
        code_only.upload(engine, assembly, name)
        assert code_only.prepare(engine, stack, kind="CREATE") == "CREATE_COMPLETE"
        assert code_only.execute(engine, stack) == "CREATE_COMPLETE"
        engine.client("cloudformation").update_termination_protection(
            StackName=stack["stackName"], EnableTerminationProtection=stack.get("terminationProtection", False)
        )
    gaps.allow_plain_http(engine)
