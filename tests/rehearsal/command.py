"""Fetches the earlier version, makes the templates of both versions, rehearses, and writes the report."""

import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from local import assemblies, deploy, homes
from local.cloud import Cloud
from local.engine import Engine
from local.errors import LocalError
from local.processes import free_port
from local.settings import PROJECT, Settings, isolated
from tests.rehearsal import documents
from tests.rehearsal.deployment import put_templates
from tests.rehearsal.everything import Rehearsal, rehearse
from tests.rehearsal.report import page, problems, show
from tools.rehearse import versions
from tools.rehearse.versions import UnknownVersionError

REPORT = PROJECT / "docs" / "rehearsal.md"


class OldVersionError(Exception):
    """The templates of the earlier version could not be made. The message says why."""


def main(name: str | None, *, report: Path | None) -> int:
    """Rehearses the upgrade from a version, or from the last tag. Returns the exit status."""
    try:
        name = name or versions.last_tag(project=PROJECT)
        commit = versions.commit_of(name, project=PROJECT)
        with assemblies.alone(PROJECT / versions.FOLDER):
            old = versions.export(commit, project=PROJECT)
            templates = old_templates(old)
    except (UnknownVersionError, OldVersionError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    compared = documents.compared(old, PROJECT)
    try:
        seen = _on_a_cloud(templates)
    except LocalError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    show(seen, compared, Console(soft_wrap=True, width=None))
    described = {"old": versions.described(commit, project=PROJECT), "new": versions.described(None, project=PROJECT)}
    file = report or REPORT
    file.write_text(page(seen, compared, name=name, today=date.today(), **described))
    print(f"wrote {file}")
    return int(bool(problems(seen, compared)))


def _on_a_cloud(old: Path) -> Rehearsal:
    with TemporaryDirectory(prefix="rehearsal-") as folder:
        home = Path(folder)
        settings = Settings(home=home / "cloud", port=free_port(), redis_port=free_port(), idle_seconds=3600)
        cloud = Cloud(settings)
        homes.make(settings.home)
        homes.mark(settings.home)
        new = new_templates(home / "new")
        try:
            cloud.start(print)
            put_templates(cloud, old)
            cloud.deploy_templates(print)
            deploy.mark_deployed(cloud.engine, old.name)
            return rehearse(cloud, old=old, new=new, say=lambda text: print(text, flush=True))
        finally:
            for part in (cloud.engine, cloud.cache):
                part.daemon.stop()


def new_templates(home: Path) -> Path:
    """Makes the templates of these files in a folder. Returns the folder of the templates."""
    settings = Settings(home=home)
    home.mkdir()
    wanted = deploy.fingerprint(consumer=settings.consumer)
    assemblies.provide(Engine(settings), print, wanted=wanted)
    return settings.assembly


def old_templates(old: Path) -> Path:
    """Makes the templates of an exported version, unless they are there, and returns their folder.

    The version has its own packages if they differ from ours. Raises OldVersionError.
    """
    made = old / "build" / "templates"
    if (made / "manifest.json").exists():
        return made
    if different := versions.needs_own_packages(old, project=PROJECT):
        names = " and ".join(different)
        print(f"installing the old version's own packages, because it has another {names}", flush=True)
        _run(["make", "setup"], old, os.environ)
        programs = old
    else:
        (old / "build").mkdir(exist_ok=True)
        for name in ("build/layer", "node_modules"):
            if not (old / name).exists():
                (old / name).symlink_to(PROJECT / name)
        programs = PROJECT
    print("synthesising the templates of the old version", flush=True)
    unfinished = made.with_name("templates.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    environment = isolated(os.environ) | {"CDK_VALIDATION": "false", "CDK_DISABLE_CLI_TELEMETRY": "true"}
    # Our packages put our folders on Python's path. The old version's folders come first.
    environment["PYTHONPATH"] = os.pathsep.join((str(old), str(old / "lambdas")))
    environment["PATH"] = os.pathsep.join((str(programs / ".venv" / "bin"), environment["PATH"]))
    options = ["-c", f"stage={deploy.STAGE}", "-c", "consumer=off", "--output", str(unfinished)]
    cdk = programs / "node_modules" / ".bin" / "cdk"
    _run([str(cdk), "synth", "--quiet", *options, "--no-color", "--no-notices"], old, environment)
    unfinished.rename(made)
    return made


def _run(command: list[str], folder: Path, environment: "os._Environ[str] | dict[str, str]") -> None:
    done = subprocess.run(command, cwd=folder, env=dict(environment), capture_output=True, text=True)
    if done.returncode:
        said = (done.stderr + done.stdout).strip()[-2000:]
        raise OldVersionError(f"`{' '.join(command[:2])}` of the old version failed in {folder}:\n\n{said}")
