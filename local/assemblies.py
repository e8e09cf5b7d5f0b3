"""Keeps synthesised templates in the project, so that its next laptop cloud need not synthesise them again.

See decision D167.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

from local import code_only, deploy
from local.engine import Engine
from local.settings import PROJECT

FOLDER = Path("build", "assemblies")
KEPT = 4
"""How many sets of templates stay in FOLDER: those that were used last. One takes 5 MB."""


def provide(engine: Engine, say: Callable[[str], None], *, wanted: str, project: Path = PROJECT) -> None:
    """Puts the templates of stage `local` into the folder of a cloud. Synthesises them if FOLDER does not have them.

    `wanted` is the fingerprint of the sources. Raises DeployError.
    """
    with alone(project / FOLDER):
        kept = project / FOLDER / key(wanted)
        if code_only.mark_of(kept / deploy.SYNTHESISED) is None:
            say("synthesising the templates of stage local")
            shutil.rmtree(kept, ignore_errors=True)
            deploy.synthesise(engine, kept, wanted=wanted, project=project)
        os.utime(kept)
        _copy(kept, engine.settings.assembly)
        for folder in _oldest_last(project / FOLDER)[KEPT:]:
            shutil.rmtree(folder, ignore_errors=True)


def key(wanted: str) -> str:
    """A name for the templates that the installed versions of Python and CDK make from sources with a fingerprint."""
    programs = [sys.version, *map(version, ("aws-cdk-lib", "constructs", "jsii"))]
    return hashlib.sha256(json.dumps([wanted, programs]).encode()).hexdigest()


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Waits while another process works in the folder. It may be making the same templates."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _copy(kept: Path, assembly: Path) -> None:
    """Copies the templates, and then their mark. If a copy is interrupted, the mark is missing."""
    (assembly / deploy.SYNTHESISED).unlink(missing_ok=True)
    shutil.copytree(kept, assembly, dirs_exist_ok=True, ignore=shutil.ignore_patterns(deploy.SYNTHESISED))
    shutil.copy2(kept / deploy.SYNTHESISED, assembly)


def _oldest_last(folder: Path) -> list[Path]:
    return sorted(folder.iterdir(), key=lambda path: path.stat().st_mtime_ns, reverse=True)
