"""The laptop clouds of a project share the templates that one of them has synthesised."""

from collections.abc import Callable
from pathlib import Path

import pytest

from local import assemblies, deploy
from local.code_only import Mark
from local.engine import Engine
from local.settings import Settings

Provide = Callable[..., list[str]]


@pytest.fixture
def provide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Provide:
    """Provides the templates of a cloud: `provide("home", wanted="one")`. Returns what the command said."""

    def synthesise(engine: Engine, assembly: Path, *, wanted: str, project: Path) -> None:
        (assembly / "asset.1").mkdir(parents=True)
        (assembly / "asset.1" / "code.py").write_text(wanted)
        if wanted == "interrupted":
            raise KeyboardInterrupt
        (assembly / deploy.SYNTHESISED).write_text(Mark(wanted, {}, frozenset(), {}).as_json())

    def provide(home: str, *, wanted: str) -> list[str]:
        said: list[str] = []
        (tmp_path / home).mkdir(exist_ok=True)
        engine = Engine(Settings(home=tmp_path / home))
        assemblies.provide(engine, said.append, wanted=wanted, project=tmp_path)
        assert deploy.is_synthesised(engine, wanted=wanted)
        assert (engine.settings.assembly / "asset.1" / "code.py").read_text() == wanted
        return said

    monkeypatch.setattr(deploy, "synthesise", synthesise)
    return provide


def test_a_second_cloud_gets_the_templates_of_the_first(provide: Provide) -> None:
    assert provide("first", wanted="one") == ["synthesising the templates of stage local"]
    assert provide("second", wanted="one") == []
    assert provide("second", wanted="other") == ["synthesising the templates of stage local"]
    assert provide("second", wanted="one") == []


def test_other_programs_make_other_templates(provide: Provide, monkeypatch: pytest.MonkeyPatch) -> None:
    provide("first", wanted="one")
    monkeypatch.setattr(assemblies, "version", lambda package: "2.999.0")

    assert provide("second", wanted="one") == ["synthesising the templates of stage local"]


def test_the_templates_of_an_interrupted_synthesis_are_not_used(provide: Provide, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        provide("first", wanted="interrupted")
    with pytest.raises(KeyboardInterrupt):
        provide("second", wanted="interrupted")

    assert not (tmp_path / "second" / "cdk.out" / deploy.SYNTHESISED).exists()


def test_the_project_keeps_the_templates_that_were_used_last(provide: Provide, tmp_path: Path) -> None:
    for wanted in ("1", "2", "3", "4", "1", "5"):
        provide("first", wanted=wanted)

    kept = {path.name for path in (tmp_path / assemblies.FOLDER).iterdir()}
    assert kept == {assemblies.key(wanted) for wanted in ("1", "3", "4", "5")}
