"""The packages that mypy checks."""

import tomllib

from local.settings import PROJECT


def test_mypy_reads_every_package() -> None:
    """If this fails, add the new package to the list in pyproject.toml."""
    listed = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["mypy"]["packages"]
    folders = [*PROJECT.glob("*/__init__.py"), *(PROJECT / "lambdas").glob("*/__init__.py")]

    assert {folder.parent.name for folder in folders} <= set(listed)
