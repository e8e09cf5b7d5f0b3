"""Recognises the files that a laptop cloud wrote into its folders. It deletes only these files.

The name decides: it must be one that the engine, the cache or CDK gives to its files. If other programs might use the
name, too, the content decides.
"""

import functools
import json
import os
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from local.engine_patches.unpacked import FILES_OF

STATE_FORMAT = b'{"__ministack_format__": '
"""The first bytes of each file in which the engine keeps the state of a service."""

Rule = tuple[str, Callable[[Path], bool]]
"""A pattern of paths below a folder, and a further test of the file."""


def _always(_: Path) -> bool:
    return True


def _is_service(file: Path) -> bool:
    # If the engine is killed while it writes, it may leave an empty file.
    return file.suffix == ".tmp" and not file.stat().st_size or _begins(file, STATE_FORMAT)


def _is_object(file: Path) -> bool:
    """Whether the file is an object in a bucket, or the description that the engine writes beside each object."""
    if file.name.endswith(".meta.json"):
        return _begins(file, b"{")
    return file.with_name(f"{file.name.removesuffix('.tmp')}.meta.json").is_file()


def _is_links(file: Path) -> bool:
    """Whether the file is a link to a package that functions import."""
    return file.is_symlink() and Path(os.readlink(file)).name == file.name


def _is_unpacked(file: Path) -> bool:
    """Whether the file comes from an archive, or is a compiled module of one."""
    folder = next(parent for parent in file.parents if parent.parent.parent.name == "unpacked")
    listed = _read_once(folder.with_name(folder.name.partition(".")[0] + FILES_OF), _listed)
    if file.parent.name == "__pycache__":
        file = file.parent.with_name(f"{file.name.partition('.')[0]}.py")
    return file.relative_to(folder).as_posix() in listed


def _is_of_a_stack(file: Path) -> bool:
    assets = file.with_name(f"{file.name.split('.')[0]}.assets.json")
    return f'"{file.name.split(".")[0]}.template.json"'.encode() in _content(assets)


def _is_staged(file: Path) -> bool:
    """Whether CDK copied the file from the project. Then the copy's archive has it, too.

    A copy without an archive was never deployed.
    """
    [folder] = [parent for parent in file.parents if parent.name.startswith("asset.") and len(parent.name) == 70]
    archive = folder.parent / ".cache" / f"{folder.name.removeprefix('asset.')}.zip"
    return not archive.exists() or file.relative_to(folder).as_posix() in _read_once(archive, _archived)


FUNCTIONS = "functions(-[a-z0-9_]{8})?"
"""The folder that each engine makes for its functions. Older versions made only one, without the suffix."""

RUNTIME = r"[a-z]+[0-9.]+"
SHA = "[0-9a-f]{64}"
TEMPORARY = "(tmp|ministack-lambda-.+-)[a-z0-9_]{8}"
SAVED = r"(saved(\.new)?/)?"

RULES: dict[str, tuple[Rule, ...]] = {
    "state": (
        ("whole", _always),
        (rf"{SAVED}engine/[a-z0-9_]+\.json(\.tmp)?", _is_service),
        (rf"{SAVED}engine/(cognito-rsa-key|cognito-pool-keys/[\w-]+-(access|id))\.pem(\.lock)?", _always),
        (rf"{SAVED}engine/transfer-host-key", _always),
        (rf"{SAVED}engine/(cognito-pool-keys/)?{TEMPORARY}", _always),
        (rf"{SAVED}engine/lambda-blobs/{SHA}\.zip(\.tmp)?", _always),
        (rf"{SAVED}s3/.+", _is_object),
        # A killed engine may leave an object without its description.
        (rf"{SAVED}s3/[0-9]{{12}}/cdk-[^/]+/{SHA}\.(json|zip)(\.tmp)?", _always),
        (r"cache/(dump|temp-[0-9]+)\.rdb", _always),
    ),
    "tmp": (
        (r"ministack-[0-9]+\.(pid|log)", _always),
        (rf"{TEMPORARY}[^/]*(/.+)?", _always),
        (rf"{FUNCTIONS}/(worker\.py|unpacked/{RUNTIME}/{SHA}\{FILES_OF})", _always),
        (rf"{FUNCTIONS}/runtime/__pycache__/[a-z0-9_]+\.[a-z]+-[0-9]+\.pyc", _always),
        (rf"{FUNCTIONS}/runtime/[^/]+", _is_links),
        (rf"{FUNCTIONS}/unpacked/{RUNTIME}/{SHA}(\.[^/]+)?/.+", _is_unpacked),
        (r"cdk/\.cdk/cache/fingerprints/[0-9a-f]{16}\.json", _always),
        # From older versions.
        (rf"functions/unpacked/{SHA}/.+", _always),
    ),
    "cdk.out": (
        (
            r"cdk\.out|manifest\.json|tree\.json|validation-report\.json|fingerprint|read\.json|(synth|read\.[0-9.]+)\.lock",
            _always,
        ),
        (r"[^/.]+\.(template|assets|metadata)\.json", _is_of_a_stack),
        (rf"asset\.{SHA}(\.[a-z0-9]+)?", _always),
        (rf"asset\.{SHA}/.+", _is_staged),
        (rf"\.cache/{SHA}\.zip", _always),
    ),
}

EVIDENCE = rf"\.meta\.json$|\{FILES_OF}$|\.assets\.json$|/\.cache/[^/]+$"
"""Files that show whether other files are the cloud's. They are deleted last."""

EMPTY_FOLDERS = {
    "state": rf"{SAVED}(engine|s3)(/.+)?|saved(\.new)?|cache",
    "tmp": rf"{TEMPORARY}[^/]*(/.+)?|{FUNCTIONS}(/runtime(/__pycache__)?|/unpacked(/{RUNTIME}(/{SHA}.*)?)?)?"
    r"|cdk(/\.cdk(/cache(/fingerprints)?)?)?",
    "cdk.out": rf"\.cache|asset\.{SHA}(/.+)?",
}
"""Folders that the cloud makes, and that may be empty."""


def wrote(file: Path, *, folder: Path) -> bool:
    """Whether the cloud wrote this file or link below its folder `folder`: state, tmp or cdk.out."""
    path = file.relative_to(folder).as_posix()
    try:
        return any(
            re.fullmatch(pattern, path, re.DOTALL) and file.is_symlink() == (test is _is_links) and test(file)
            for pattern, test in RULES[folder.name]
        )
    except OSError:
        return False


def files(part: Path, *, folder: Path) -> Iterator[Path]:
    """The files that the cloud wrote into `part`, which is `folder` or below it. Follows no links."""
    for parent, _, names in os.walk(part):
        yield from (
            file for name in names if wrote(file := Path(parent, name), folder=folder) and not file.is_symlink()
        )


def clear(part: Path, *, folder: Path) -> None:
    """Deletes what the cloud wrote into `part`, which is `folder` or below it, and folders that become empty.

    Follows no links, and keeps files on other file systems. After an interrupt you can repeat it.
    """
    if not is_folder(part) or part.stat().st_dev != part.parent.stat().st_dev:
        return
    doomed = [file for file in _all(part) if wrote(file, folder=folder)]
    for file in sorted(doomed, key=lambda file: bool(re.search(EVIDENCE, str(file)))):
        file.unlink()
    touched = {parent for file in doomed for parent in file.parents}
    _remove_empty(part, lambda below: below in touched or below == folder or _makes(below, folder))


def is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _all(part: Path) -> Iterator[Path]:
    device = part.stat().st_dev
    for entry in os.scandir(part):
        if entry.is_dir(follow_symlinks=False):
            if entry.stat(follow_symlinks=False).st_dev == device:
                yield from _all(Path(entry.path))
        elif entry.is_symlink() or entry.is_file():
            yield Path(entry.path)


def _makes(below: Path, folder: Path) -> bool:
    return bool(re.fullmatch(EMPTY_FOLDERS[folder.name], below.relative_to(folder).as_posix()))


def _remove_empty(part: Path, may_go: Callable[[Path], bool]) -> None:
    device = part.stat().st_dev
    for entry in list(os.scandir(part)):
        if entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_dev == device:
            _remove_empty(Path(entry.path), may_go)
    if may_go(part) and not any(part.iterdir()):
        part.rmdir()


def _begins(file: Path, start: bytes) -> bool:
    with file.open("rb") as content:
        return content.read(len(start)) == start


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError:
        return b""


def _listed(file: Path) -> frozenset[str]:
    try:
        return frozenset(json.loads(_content(file) or b"[]"))
    except (ValueError, TypeError):
        return frozenset()


def _archived(file: Path) -> frozenset[str]:
    try:
        with zipfile.ZipFile(file) as archive:
            return frozenset(archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return frozenset()


def _read_once(file: Path, read: Callable[[Path], frozenset[str]]) -> frozenset[str]:
    """Returns the result of `read`, and keeps it: one file may decide about a thousand others."""
    try:
        status = file.stat()
    except OSError:
        return frozenset()
    return _read(file, read, status.st_mtime_ns, status.st_size)


@functools.lru_cache
def _read(file: Path, read: Callable[[Path], frozenset[str]], *_: int) -> frozenset[str]:
    return read(file)
