"""The packages that Lambda's own runtime gives to a function: boto3 and its requirements, but no other packages."""

import importlib.metadata
import re
from pathlib import Path


def build(folder: Path) -> None:
    """Makes the folder from which functions import the runtime's packages: links to the packages installed here.

    See decision D116.
    """
    folder.mkdir(parents=True)
    for distribution in _with_requirements("boto3", {}).values():
        for name in {file.parts[0] for file in distribution.files or () if file.parts[0] not in ("..", "__pycache__")}:
            (folder / name).symlink_to(Path(str(distribution.locate_file(name))))


def _with_requirements(
    name: str, found: dict[str, importlib.metadata.Distribution]
) -> dict[str, importlib.metadata.Distribution]:
    """The distribution and all its requirements, by name; adds to `found`."""
    if name not in found:
        found[name] = distribution = importlib.metadata.distribution(name)
        for requirement in distribution.requires or ():
            required = re.match(r"[A-Za-z0-9._-]+", requirement)
            if required and "extra ==" not in requirement:
                _with_requirements(required[0], found)
    return found
