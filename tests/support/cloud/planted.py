"""Plants a change into synthesised templates, as if the project's sources had it. That is quicker than a synthesis."""

import hashlib
import shutil
from collections.abc import Callable
from pathlib import Path

from local import code_only


def copy_with(assembly: Path, into: Path, **replaced: str) -> Path:
    """Copies the folder of templates, with other words in all templates and in the code of all functions."""

    def edit(text: str) -> str:
        for old, new in replaced.items():
            text = text.replace(old, new)
        return text

    shutil.copytree(assembly, into)
    hashes = {}
    for folder in [one for one in into.glob("asset.*") if one.is_dir()]:
        if _edited(folder, edit):
            old = folder.name.removeprefix("asset.")
            hashes[old] = hashlib.sha256(f"{old}{replaced}".encode()).hexdigest()
            folder.rename(into / f"asset.{hashes[old]}")
    assert code_only.renamed(into, hashes, edit), f"no template or function has {', '.join(replaced)}"
    return into


def _edited(folder: Path, edit: Callable[[str], str]) -> bool:
    changed = False
    for file in folder.rglob("*.py"):
        text = file.read_text()
        if (new := edit(text)) != text:
            file.write_text(new)
            changed = True
    return changed
