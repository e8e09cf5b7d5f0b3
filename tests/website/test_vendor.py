"""The files in website/vendor are the unchanged files of the npm package."""

from pathlib import Path

import pytest

from local.settings import PROJECT

VENDOR, PACKAGE = PROJECT / "website" / "vendor", PROJECT / "tools" / "checks" / "node_modules" / "lit-html"
FILES = sorted(file.relative_to(VENDOR) for file in VENDOR.rglob("*") if file.is_file())


@pytest.mark.parametrize("file", FILES, ids=str)
def test_a_file_is_the_same_as_in_the_package(file: Path) -> None:
    assert (VENDOR / file).read_bytes() == (PACKAGE / file).read_bytes()


def test_the_licence_of_the_package_is_among_the_files() -> None:
    assert Path("LICENSE") in FILES
