"""Runs the real CDK command line against the engine."""

import hashlib
import json
import os
import re
import shlex
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from local import code_only, homes
from local.engine import CREDENTIALS, Engine
from local.errors import LocalError
from local.processes import run_to_the_end, tail
from local.settings import PROJECT, REGION, isolated
from stacks import names
from stacks.names import stack_name

STAGE = "local"
STACKS = tuple(stack_name(STAGE, stack) for stack in names.STACKS)
IDENTITY_STACK = stack_name(STAGE, names.IDENTITY)
ORDERS_STACK = stack_name(STAGE, names.ORDERS)
CONSUMER_STACK = stack_name(STAGE, names.FULFILLMENT)
REMINDERS_STACK = stack_name(STAGE, names.REMINDERS)
ACCOUNT_STACK = stack_name(STAGE, names.ACCOUNT)
WEBSITE_STACK = stack_name(STAGE, names.WEBSITE)

SOURCES = (
    "app.py",
    "cdk.json",
    "constraints.txt",
    "package-lock.json",
    "stacks",
    "lambdas",
    "statemachines",
    "website",
)
"""The files and folders of the project from which the apps are deployed."""

SYNTHESISED = "fingerprint"
"""File beside the templates with a `code_only.Mark` of the sources that they were made from."""

READ = "read.json"
"""File beside the templates, during a synthesis, with the files that the app has read."""

READING = Path(__file__).with_name("reading.py")

QUICK_POLLS = Path(__file__).with_name("quick_polls.cjs")
"""Script that makes CDK notice within 50 ms that a stack is ready, instead of within 5 seconds."""

TOOLKIT = "CDKToolkit"
OWN_STACKS = (*STACKS, TOOLKIT)

DEPLOYED_STACKS = "/laptop/stacks"
"""SSM parameter with the names of the stacks that were ever deployed."""

DEPLOYED = "/laptop/deployed"
"""SSM parameter with the fingerprint of the deployed sources. The engine holds both, and loses both together."""

AGAIN = (
    "Correct the cause and run `laptop up` again. Options that you leave out are as in the last `up` that "
    "worked. If this does not help, `laptop down --forget` deletes all data of this cloud"
)


class DeployError(LocalError):
    """The deployment failed. The message names the resources that failed and the engine's reasons."""


def fingerprint(project: Path = PROJECT, *, consumer: bool) -> str:
    """SHA-256 of SOURCES and of `consumer`. If it changes, `up` deploys again."""
    return hashlib.sha256(json.dumps([consumer, hashes(project)]).encode()).hexdigest()


def hashes(project: Path = PROJECT) -> dict[str, str]:
    """The SHA-256 of each file of SOURCES, by its path in the project."""
    return {
        str(file.relative_to(project)): hashlib.sha256(file.read_bytes()).hexdigest()
        for source in SOURCES
        for file in (sorted((project / source).rglob("*")) if (project / source).is_dir() else [project / source])
        if file.is_file() and "__pycache__" not in file.parts
    }


def deployed_fingerprint(engine: Engine) -> str | None:
    """The fingerprint of the deployed sources; None if nothing is deployed, or only a part."""
    ssm = engine.client("ssm")
    try:
        return str(ssm.get_parameter(Name=DEPLOYED)["Parameter"]["Value"])
    except ssm.exceptions.ParameterNotFound:
        return None


def mark_deployed(engine: Engine, value: str) -> None:
    engine.client("ssm").put_parameter(Name=DEPLOYED, Value=value, Type="String", Overwrite=True)


def unmark_deployed(engine: Engine) -> None:
    ssm = engine.client("ssm")
    ssm.delete_parameters(Names=[DEPLOYED])


def is_synthesised(engine: Engine, *, wanted: str) -> bool:
    mark = code_only.mark_of(engine.settings.assembly / SYNTHESISED)
    return mark is not None and mark.fingerprint == wanted


def synthesise(engine: Engine, assembly: Path, *, wanted: str, project: Path = PROJECT) -> None:
    """Writes the templates of stage `local` into `assembly`, marked with the `wanted` fingerprint.

    Raises DeployError.
    """
    # An interrupted synthesis leaves templates of two versions.
    (assembly / SYNTHESISED).unlink(missing_ok=True)
    context = ("-c", f"stage={STAGE}", "-c", f"consumer={'on' if engine.settings.consumer else 'off'}")
    files = hashes(project)
    opened = assembly / READ
    assembly.mkdir(exist_ok=True)
    app = shlex.join(["python", str(READING), str(opened), "app.py"])
    _cdk(engine, "synth", "--quiet", "--app", app, *context, "--output", str(assembly), project=project)
    # CDK's copies have the modes of the project's files, so other users may be able to read them.
    homes.tighten(assembly)
    read = {str(Path(one).relative_to(project)) for one in json.loads(opened.read_bytes()) if _is_in(one, project)}
    opened.unlink()
    mark = code_only.Mark(wanted, files, frozenset(read & files.keys()), code_only.code_in(assembly))
    (assembly / SYNTHESISED).write_text(mark.as_json())


def _is_in(file: str, folder: Path) -> bool:
    return Path(file).is_relative_to(folder)


def renew_code(engine: Engine, *, deployed: str, wanted: str) -> list[str] | None:
    """Renews the templates if only functions' code has changed since the deployment. Returns the changed stacks.

    Returns None if `synthesise` and `deploy` are needed.
    """
    file = engine.settings.assembly / SYNTHESISED
    before, now = code_only.mark_of(file), hashes()
    if before is None or before.fingerprint != deployed:
        return None
    # An interrupted `renew` leaves templates of two versions.
    file.unlink()
    changed = code_only.renew(engine.settings.assembly, before=before, now=now)
    if changed is None:
        file.write_text(before.as_json())
    else:
        code = code_only.code_in(engine.settings.assembly)
        file.write_text(replace(before, fingerprint=wanted, files=now, code=code).as_json())
    return changed


def deploy_code(engine: Engine, stacks: list[str]) -> None:
    """Deploys stacks in which only functions' code has changed. Raises DeployError."""
    began = engine.now()
    if not code_only.deploy(engine, stacks):
        raise DeployError(f"the code was not deployed:\n{_failed_resources(engine, since=began)}\n\n{AGAIN}")


def is_bootstrapped(engine: Engine) -> bool:
    toolkit = [stack["StackStatus"] for stack in _live_stacks(engine) if stack["StackName"] == TOOLKIT]
    return any(status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE") for status in toolkit)


def bootstrap(engine: Engine, *, project: Path = PROJECT) -> None:
    _cdk(engine, "bootstrap", "--app", str(engine.settings.assembly), project=project)


def deploy(engine: Engine, *, project: Path = PROJECT) -> None:
    """Deploys every stack. Raises DeployError."""
    remember_stacks(engine)
    deploy_app(engine, str(engine.settings.assembly), "--all", project=project)


def remember_stacks(engine: Engine) -> None:
    """Notes the stacks of the app, so that `remove_left_stacks` may remove those that a later app does not have."""
    known = ",".join(sorted(_deployed_by_us(engine) | _stacks_of_the_app(engine)))
    engine.client("ssm").put_parameter(Name=DEPLOYED_STACKS, Value=known, Type="StringList", Overwrite=True)


def deploy_app(engine: Engine, app: str, *stacks: str, project: Path = PROJECT) -> None:
    """Deploys `stacks` of a CDK app: a folder of templates, or the command that writes one. Raises DeployError."""
    # Without change sets, CDK's command needs a third less of the processor. See decision D258.
    options = ("--require-approval", "never", "--concurrency", "2", "--progress", "events", "--method", "direct")
    _cdk(engine, "deploy", "--app", app, *stacks, *options, project=project)


def stacks_done(engine: Engine, *, since: float) -> tuple[int, int]:
    """How many stacks the deployment that began after the time `since` has done, and how many it has."""
    stacks = _stacks_of_the_app(engine)
    log = engine.settings.deploy_log
    if not log.exists() or log.stat().st_mtime < since:
        # The log is still the log of an earlier deployment.
        return 0, len(stacks)
    # CDK writes the line " ✅  Orders (local-orders)" when a stack is done.
    lines = re.findall(r"✅ .*?\((.+?)\)", log.read_text("utf-8", "replace"))
    return len(stacks & set(lines)), len(stacks)


def remove_left_stacks(engine: Engine, say: Callable[[str], None]) -> None:
    """Removes the stacks that `deploy` once deployed and that the app no longer has, with all their data.

    A stack stays while another stack uses its exports. It can be removed after the other stack is deployed or removed.
    """
    cloudformation = engine.client("cloudformation")
    wanted, deployed = _stacks_of_the_app(engine), _deployed_by_us(engine)
    for name in (stack["StackName"] for stack in _live_stacks(engine) if stack["StackName"] in deployed - wanted):
        try:
            cloudformation.delete_stack(StackName=name)
        except cloudformation.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "ValidationError":
                raise
            continue
        say(f"removing {name}, which the app no longer has")
        waiter = cloudformation.get_waiter("stack_delete_complete")
        waiter.wait(StackName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def outputs(engine: Engine) -> dict[str, dict[str, str]]:
    """The outputs of each deployed stack: `{"local-orders": {"ApiUrl": ...}}`."""
    return {
        stack["StackName"]: {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", [])}
        for stack in _live_stacks(engine)
        if stack["StackName"] in STACKS
    }


def functions(engine: Engine) -> dict[str, str]:
    """The name of each Lambda function of the apps, by its construct id."""
    return resources(engine, "AWS::Lambda::Function")


def resources(engine: Engine, type: str) -> dict[str, str]:
    """The name or ARN of each resource of the apps with this CloudFormation type, by its construct id."""
    pages = engine.client("cloudformation").get_paginator("list_stack_resources")
    return {
        # A logical id is the construct id and CDK's hash of eight digits. A function's name does not always contain
        # both: it has at most 64 characters.
        one["LogicalResourceId"][:-8]: one["PhysicalResourceId"]
        for stack in outputs(engine)
        for page in pages.paginate(StackName=stack)
        for one in page["StackResourceSummaries"]
        if one["ResourceType"] == type
    }


def on_their_way(engine: Engine) -> list[str]:
    """The stacks of the apps that are being deployed or removed."""
    return [
        stack["StackName"]
        for stack in _live_stacks(engine)
        if stack["StackName"] in OWN_STACKS
        and stack["StackStatus"].endswith("_IN_PROGRESS")
        # The stack is only a change set that was never executed.
        and stack["StackStatus"] != "REVIEW_IN_PROGRESS"
    ]


def _stacks_of_the_app(engine: Engine) -> set[str]:
    manifest = json.loads((engine.settings.assembly / "manifest.json").read_bytes())
    artifacts = manifest["artifacts"].items()
    return {
        artifact["properties"].get("stackName", name)
        for name, artifact in artifacts
        if artifact["type"] == "aws:cloudformation:stack"
    }


def _deployed_by_us(engine: Engine) -> set[str]:
    """The names of all stacks that `deploy` ever deployed. Users of the laptop cloud may have other stacks in it."""
    ssm = engine.client("ssm")
    try:
        return {*ssm.get_parameter(Name=DEPLOYED_STACKS)["Parameter"]["Value"].split(",")}
    except ssm.exceptions.ParameterNotFound:
        return {*STACKS}


def _live_stacks(engine: Engine) -> list[dict[str, Any]]:
    pages = engine.client("cloudformation").get_paginator("describe_stacks").paginate()
    return [stack for page in pages for stack in page["Stacks"] if stack["StackStatus"] != "DELETE_COMPLETE"]


def _cdk(engine: Engine, *arguments: str, project: Path) -> None:
    log = engine.settings.deploy_log
    # With its own HOME, CDK ignores the developer's ~/.cdk.json, and works even if the home folder cannot be written.
    own_home = engine.settings.home / "tmp" / "cdk"
    own_home.mkdir(parents=True, exist_ok=True)
    env = isolated(os.environ) | {
        "HOME": str(own_home),
        "CDK_HOME": str(project / "build" / "cdk"),
        "AWS_ENDPOINT_URL": engine.settings.endpoint,
        "AWS_ENDPOINT_URL_S3": engine.settings.endpoint,
        "AWS_ACCESS_KEY_ID": CREDENTIALS.access_key,
        "AWS_SECRET_ACCESS_KEY": CREDENTIALS.secret_key,
        "AWS_REGION": REGION,
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        # Full validation takes three times as long; `make check` does it.
        "CDK_VALIDATION": "false",
        # Node reads a path in double quotes as JSON writes it.
        "NODE_OPTIONS": f"--require {json.dumps(str(QUICK_POLLS), ensure_ascii=False)}",
    }
    cdk = project / "node_modules" / ".bin" / "cdk"
    if not cdk.exists():
        raise DeployError(f"{cdk} is missing: run `make setup`")
    command = [str(cdk), *arguments, "--no-color", "--no-notices"]
    began = engine.now()
    pid_file = engine.settings.deploy_pid
    if run_to_the_end(command, cwd=project, env=env, log=log, pid_file=pid_file, needs=engine.daemon):
        engine.daemon.require_alive()
        reasons = _failed_resources(engine, since=began) or tail(log, lines=15)
        raise DeployError(f"`cdk {arguments[0]}` failed:\n{reasons}\n\nThe whole output is in {log}. {AGAIN}")


def _failed_resources(engine: Engine, *, since: datetime) -> str:
    """One line for each resource that failed since then, with the reason."""
    cloudformation = engine.client("cloudformation")
    lines = []
    for stack in _live_stacks(engine):
        for event in cloudformation.describe_stack_events(StackName=stack["StackId"])["StackEvents"]:
            if event["ResourceStatus"].endswith("_FAILED") and event["Timestamp"] >= since:
                resource = f"{stack['StackName']} {event['LogicalResourceId']} ({event['ResourceType']})"
                lines.append(f"{resource}: {event.get('ResourceStatusReason', 'no reason given')}")
    return "\n".join(dict.fromkeys(reversed(lines)))
