"""What mypy reads."""

import tomllib

from local.settings import PROJECT


def test_mypy_reads_every_package() -> None:
    """A new package has to be added to the list in pyproject.toml."""
    listed = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["mypy"]["packages"]
    folders = [*PROJECT.glob("*/__init__.py"), *(PROJECT / "lambdas").glob("*/__init__.py")]

    assert {folder.parent.name for folder in folders} <= set(listed)
