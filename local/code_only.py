"""Deploys a change of functions' code without CDK's command line.

If only code has changed, only its hash changes in the templates. So `renew` writes the same files as `cdk synth`, and
`deploy` makes the same calls as `cdk deploy`, but neither starts a process. See decision D163.
"""

import hashlib
import json
import re
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import homes
from local.engine import Engine
from local.settings import ACCOUNT, REGION
from stacks import function_files

CODE = "lambdas"
"""The folder of the functions' code."""

BUNDLING = '{"image":"unused","local":{}}'
"""How CDK writes the bundling of `stacks.function_code`. Together with the code's own hash it makes the asset's hash:
https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/core/lib/asset-staging.ts, `calculateHash`."""

CHANGE_SET = "cdk-deploy-change-set"
CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Mark:
    """What was true when a folder of templates was synthesised."""

    fingerprint: str
    files: Mapping[str, str]
    """The hash of each source, by its path in the project."""
    read: frozenset[str]
    """The sources that the app read other than as code. They may be in the templates in any form."""
    code: Mapping[str, str]
    """The hash of each asset of code, by its package."""

    def as_json(self) -> str:
        known = {"fingerprint": self.fingerprint, "files": dict(self.files), "read": sorted(self.read)}
        return json.dumps({**known, "code": dict(self.code)})


def mark_of(file: Path) -> Mark | None:
    """Reads a mark. Returns None if there is none, or for the mark of an earlier version."""
    try:
        mark = json.loads(file.read_bytes())
        return Mark(mark["fingerprint"], mark["files"], frozenset(mark["read"]), mark["code"])
    except (FileNotFoundError, ValueError, TypeError, LookupError):
        return None


def code_in(assembly: Path) -> dict[str, str]:
    """The hash of each asset of functions' code, by its package."""
    packages = [path.parent.name for path in function_files.LAMBDAS.glob("*/__init__.py")]
    return {package: name for package in packages if (assembly / f"asset.{(name := asset_hash(package))}").is_dir()}


def asset_hash(package: str) -> str:
    """The hash that CDK gives to the code of a package. If CDK computes it in another way, `code_in` finds nothing."""
    return _sha256(function_files.hash_of(function_files.files_of(package)) + BUNDLING)


def renew(assembly: Path, *, before: Mark, now: Mapping[str, str]) -> list[str] | None:
    """Makes the templates the same as `cdk synth` would. Returns the artifacts of the changed templates, in the order
    in which they must be deployed.

    Returns None, and changes nothing, if more has changed than code. `now` are the hashes of the project's sources.
    """
    changed = {path for path in before.files.keys() | now.keys() if before.files.get(path) != now.get(path)}
    # A new or missing file may change what the app imports.
    if before.files.keys() != now.keys() or not changed:
        return None
    if not all(path.startswith(f"{CODE}/") and path not in before.read for path in changed):
        return None
    new = {package: asset_hash(package) for package in before.code}
    packages = [package for package, was in before.code.items() if new[package] != was]
    ours = {f"{CODE}/{file.relative_to(function_files.LAMBDAS)}" for one in packages for file in _files(one)}
    if not changed <= ours:
        return None
    for package in packages:
        folder = assembly / f"asset.{new[package]}"
        folder.mkdir(exist_ok=True)
        function_files.write(_files(package), folder)
    homes.tighten(assembly)
    return renamed(assembly, {before.code[package]: new[package] for package in packages})


def _files(package: str) -> list[Path]:
    return function_files.files_of(package)


def renamed(assembly: Path, hashes: dict[str, str], edit: Callable[[str], str] = str) -> list[str]:
    """Writes the new hashes into all files of the assembly, and returns the artifacts of the changed templates.

    `edit` may change the text of each template.
    """
    hashes = dict(hashes)
    changed = []
    manifest = json.loads((assembly / "manifest.json").read_bytes())
    for name, artifact in manifest["artifacts"].items():
        if artifact["type"] != "aws:cloudformation:stack":
            continue
        file = assembly / artifact["properties"]["templateFile"]
        old = file.read_text()
        new = edit(_replaced(old, hashes))
        if new != old:
            file.write_text(new)
            changed.append(name)
            # CDK names a template by its own hash.
            hashes[_sha256(old)] = _sha256(new)
    for file in (*assembly.glob("*.assets.json"), *assembly.glob("*.metadata.json")):
        _rewrite(file, hashes)
    for name in ("manifest.json", "tree.json"):
        _rewrite(assembly / name, hashes)
    for file in assembly.glob("*.assets.json"):
        _rename_destinations(file)
    return in_order(changed, manifest["artifacts"])


def _rewrite(file: Path, hashes: Mapping[str, str]) -> None:
    old = file.read_text()
    if (new := _replaced(old, hashes)) != old:
        file.write_text(new)


def _replaced(text: str, hashes: Mapping[str, str]) -> str:
    return re.sub("[0-9a-f]{64}", lambda found: hashes.get(found[0], found[0]), text)


def _rename_destinations(file: Path) -> None:
    """The name of a destination ends with a hash of its content, and the files are in the order of their hashes."""
    assets = json.loads(file.read_bytes())
    for asset in assets["files"].values():
        asset["destinations"] = {
            f"{name[:-8]}{_sha256(json.dumps(to, separators=(',', ':')))[:8]}": to
            for name, to in asset["destinations"].items()
        }
    file.write_text(json.dumps(assets, indent=2, ensure_ascii=False))


def in_order(names: list[str], artifacts: Mapping[str, Any]) -> list[str]:
    """`names`, each after the artifacts that it needs."""
    ordered: list[str] = []

    def add(name: str) -> None:
        for needed in artifacts[name].get("dependencies", ()):
            if needed in artifacts and needed not in ordered:
                add(needed)
        if name not in ordered:
            ordered.append(name)

    for name in names:
        add(name)
    return [name for name in ordered if name in names]


def deploy(engine: Engine, names: list[str]) -> bool:
    """Deploys stacks as `cdk deploy` does: it uploads the assets, and executes a change set for each stack.

    Returns False if a stack was not updated. The next ones are then left.
    """
    assembly = engine.settings.assembly
    artifacts = json.loads((assembly / "manifest.json").read_bytes())["artifacts"]
    for name in names:
        upload(engine, assembly, name)
    return all(_update(engine, artifacts[name]["properties"]) for name in names)


def upload(engine: Engine, assembly: Path, name: str) -> None:
    """Uploads the assets of a stack that the engine does not have: its template and its functions' code."""
    _upload(engine, assembly, json.loads((assembly / f"{name}.assets.json").read_bytes())["files"])


def _upload(engine: Engine, assembly: Path, files: Mapping[str, Any]) -> None:
    s3 = engine.client("s3")
    for name, asset in files.items():
        for to in asset["destinations"].values():
            place = {"Bucket": _of_the_account(to["bucketName"]), "Key": to["objectKey"]}
            try:
                s3.head_object(**place)
            except s3.exceptions.ClientError:
                source = assembly / asset["source"]["path"]
                file = _archive(source, name) if asset["source"]["packaging"] == "zip" else source
                s3.put_object(**place, Body=file.read_bytes())


def _archive(folder: Path, name: str) -> Path:
    """The archive of an asset, which CDK, too, keeps in this place. The same code makes the same archive."""
    archive = folder.parent / ".cache" / f"{name}.zip"
    archive.parent.mkdir(exist_ok=True)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as into:
        for file in sorted(path for path in folder.rglob("*") if path.is_file()):
            into.writestr(zipfile.ZipInfo(file.relative_to(folder).as_posix()), file.read_bytes())
    return archive


def _update(engine: Engine, stack: Mapping[str, Any]) -> bool:
    return prepare(engine, stack) == "CREATE_COMPLETE" and execute(engine, stack) == "UPDATE_COMPLETE"


def prepare(engine: Engine, stack: Mapping[str, Any], *, kind: str = "UPDATE") -> str:
    """Makes the change set of a stack, and returns its status. `stack` has the properties of an artifact."""
    cloudformation, name = engine.client("cloudformation"), stack["stackName"]
    bucket, _, key = _of_the_account(stack["stackTemplateAssetObjectUrl"]).removeprefix("s3://").partition("/")
    before = []
    if kind == "UPDATE":
        # The last deployment's, which was executed.
        cloudformation.delete_change_set(StackName=name, ChangeSetName=CHANGE_SET)
        before = cloudformation.describe_stacks(StackName=name)["Stacks"][0].get("Parameters", [])
    cloudformation.create_change_set(
        StackName=name,
        ChangeSetName=CHANGE_SET,
        ChangeSetType=kind,
        TemplateURL=f"{engine.settings.endpoint}/{bucket}/{key}",
        Parameters=[{"ParameterKey": one["ParameterKey"], "UsePreviousValue": True} for one in before],
        Capabilities=CAPABILITIES,
        RoleARN=_of_the_account(stack["cloudFormationExecutionRoleArn"]),
        Tags=[{"Key": name, "Value": value} for name, value in stack.get("tags", {}).items()],
    )
    return _settled(lambda: cloudformation.describe_change_set(StackName=name, ChangeSetName=CHANGE_SET)["Status"])


def execute(engine: Engine, stack: Mapping[str, Any]) -> str:
    """Executes the change set of a stack, and returns the status that the stack has then."""
    cloudformation, name = engine.client("cloudformation"), stack["stackName"]
    cloudformation.execute_change_set(StackName=name, ChangeSetName=CHANGE_SET)
    return _settled(lambda: cloudformation.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])


def _settled(look: Callable[[], str]) -> str:
    """Waits until a status is a last one, and returns it."""
    while (status := look()).endswith(("_PENDING", "_IN_PROGRESS")):
        time.sleep(POLL_SECONDS)
    return status


def _of_the_account(text: str) -> str:
    for name, value in (("Partition", "aws"), ("AccountId", ACCOUNT), ("Region", REGION)):
        text = text.replace(f"${{AWS::{name}}}", value)
    return text


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
