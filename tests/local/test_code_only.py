"""A change of only functions' code is deployed without CDK, with the same templates."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import assemblies, code_only, deploy
from local.code_only import Mark
from local.engine import Engine
from local.settings import Settings
from stacks import function_files
from tests.support.cloud.checkout import Checkout, copy_of_the_project

CHANGED = "lambdas/common/http.py"
IMPORTED = "lambdas/orders/order.py"
OF_THE_SITE = "lambdas/publishing/publish_site.py"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A second checkout, whose functions this process sees."""
    root = tmp_path_factory.mktemp("project")
    checkout = copy_of_the_project(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(function_files, "LAMBDAS", root / "lambdas")
        function_files.files_in.cache_clear()
        yield checkout
    function_files.files_in.cache_clear()


def synthesised(project: Checkout, home: Path) -> Path:
    home.mkdir(exist_ok=True)
    engine = Engine(Settings(home=home))
    deploy.synthesise(engine, engine.settings.assembly, wanted="", project=project.root)
    return engine.settings.assembly


def files(assembly: Path) -> dict[str, str]:
    """The files that CDK deploys from: the templates, their descriptions, and the assets that they use."""
    written = {file.name: file.read_text() for file in assembly.glob("*.json") if ".metadata." not in file.name}
    assets = {name for file in assembly.glob("*.assets.json") for name in json.loads(file.read_bytes())["files"]}
    copied = (file for name in assets for file in (assembly / f"asset.{name}").rglob("*") if file.is_file())
    return written | {str(file.relative_to(assembly)): file.read_text() for file in copied}


@pytest.fixture(scope="module")
def first(project: Checkout) -> Path:
    """The templates of the unchanged sources. Another cloud of this project may have synthesised them."""
    home = project.root / "first"
    home.mkdir()
    engine, wanted = Engine(Settings(home=home)), deploy.fingerprint(project.root, consumer=False)
    assemblies.provide(engine, print, wanted=wanted, project=project.root)
    return engine.settings.assembly


def mark_of(assembly: Path) -> Mark:
    mark = code_only.mark_of(assembly / deploy.SYNTHESISED)
    assert mark
    return mark


@pytest.mark.long
def test_the_templates_are_the_same_as_after_a_synthesis(project: Checkout, first: Path) -> None:
    before, renewed = mark_of(first), project.root / "renewed"
    shutil.copytree(first, renewed)
    usual = (project.root / CHANGED).read_text()
    (project.root / CHANGED).write_text(f"{usual}A_CHANGE = 'ü'\n")
    try:
        changed = code_only.renew(renewed, before=before, now=deploy.hashes(project.root))
        again = synthesised(project, project.root / "second")
    finally:
        (project.root / CHANGED).write_text(usual)

    # In the order of a deployment. The functions of Identity and Website do not import the changed module.
    assert changed == ["Orders", "Reminders", "Account"]
    assert files(renewed) != files(first)
    assert files(renewed) == files(again)


@pytest.mark.parametrize(
    "change",
    [
        {CHANGED: None},
        {"lambdas/common/new.py": "new"},
        {"stacks/config.py": "other"},
        {OF_THE_SITE: "other"},
        {"lambdas/requirements.txt": "other"},
        {IMPORTED: "other"},
        {},
    ],
    ids=["removed", "new", "not code", "hashed by a stack", "not copied", "imported by a stack", "none"],
)
def test_any_other_change_needs_a_synthesis(first: Path, change: dict[str, str | None]) -> None:
    before, templates = mark_of(first), files(first)
    now = {path: value for path, value in (dict(before.files) | change).items() if value}

    assert code_only.renew(first, before=before, now=now) is None
    assert files(first) == templates


def test_a_mark_of_an_earlier_version_needs_a_synthesis(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("0123456789abcdef")

    assert code_only.mark_of(tmp_path / "old") is None
    assert code_only.mark_of(tmp_path / "missing") is None
