import zipfile
from pathlib import Path

import pytest

from stacks import layer
from tests.support.templates.deployment import CDK_CONTEXT, synthesise
from tests.support.templates.runtime import reached_by


def test_a_layer_of_the_current_requirements_is_accepted(built):
    built.write_text(layer.wanted_fingerprint())

    assert layer.require() == layer.wanted_fingerprint()


@pytest.mark.parametrize("fingerprint", [None, "", "0" * 64])
def test_a_layer_that_is_missing_or_of_other_requirements_is_an_error_that_says_what_to_do(fingerprint, built):
    if fingerprint is not None:
        built.write_text(fingerprint)

    with pytest.raises(layer.LayerNotBuiltError, match="make layer"):
        layer.require()


@pytest.mark.parametrize("archive", ["WITH_TIME_ZONES", "WITHOUT_TIME_ZONES"])
def test_a_layer_without_one_of_its_archives_is_not_built(archive, built, monkeypatch):
    built.write_text(layer.wanted_fingerprint())
    monkeypatch.setattr(layer, archive, built.with_name("missing.zip"))

    with pytest.raises(layer.LayerNotBuiltError, match="make layer"):
        layer.require()


def test_other_requirements_need_another_layer(tmp_path, monkeypatch):
    before = layer.wanted_fingerprint()
    (tmp_path / "requirements.txt").write_text(layer.REQUIREMENTS.read_text() + "more==1.0\n")
    monkeypatch.setattr(layer, "REQUIREMENTS", tmp_path / "requirements.txt")

    assert layer.wanted_fingerprint() != before


def test_the_layer_holds_exact_versions_only():
    lines = [line for line in layer.REQUIREMENTS.read_text().splitlines() if not line.startswith("#")]

    assert lines and all("==" in line for line in lines)


def test_time_zones_are_in_the_layer_of_functions_that_read_them_and_in_no_other(tmp_path, monkeypatch):
    monkeypatch.setitem(CDK_CONTEXT, "aws:cdk:disable-asset-staging", False)
    deployment = synthesise(tmp_path, stage="dev", consumer="on")
    reads = {
        path.partition("/")[0]
        for path, function in deployment.properties("AWS::Lambda::Function").items()
        if "tzdata" in reached_by(function["Handler"].removesuffix(".handler"))
    }

    packages = {
        path.partition("/")[0]: {name.split("/")[1] for name in content(tmp_path, properties)}
        for path, properties in deployment.properties("AWS::Lambda::LayerVersion").items()
    }

    assert reads == {stack for stack, names in packages.items() if "tzdata" in names} == {"Account", "Reminders"}
    built = {file.name for file in layer.LAYER.glob("python/*")}
    time_zones = {name for name in built if name.startswith("tzdata")}
    assert packages == {stack: built if stack in reads else built - time_zones for stack in packages}


def content(assembly: Path, properties) -> list[str]:
    """The files in the archive that a layer is made from."""
    return zipfile.ZipFile(assembly / f"asset.{properties['Content']['S3Key']}").namelist()


@pytest.fixture
def built(tmp_path, monkeypatch):
    """The file with the fingerprint of the built layer. It does not exist yet."""
    monkeypatch.setattr(layer, "FINGERPRINT", tmp_path / "fingerprint")
    return layer.FINGERPRINT


def test_a_stage_that_keeps_its_data_keeps_old_versions_of_its_layer(deployment):
    """A function that CloudFormation rolls back needs its former version of the layer."""
    for version in deployment.resources("AWS::Lambda::LayerVersion").values():
        assert (version["DeletionPolicy"], version["UpdateReplacePolicy"]) == (deployment.policy, deployment.policy)


def test_an_archive_has_the_modes_of_the_files_and_not_the_time_of_the_installation(tmp_path, monkeypatch):
    monkeypatch.setattr(layer, "LAYER", tmp_path)
    file = tmp_path / "python" / "package" / "program"
    file.parent.mkdir(parents=True)
    file.write_text("content")
    file.chmod(0o755)

    layer.archive([file], tmp_path / "one.zip")

    with zipfile.ZipFile(tmp_path / "one.zip") as archive:
        (entry,) = archive.infolist()
        assert archive.read("python/package/program") == b"content"
    assert entry.external_attr >> 16 == file.stat().st_mode
    assert entry.date_time == (1980, 1, 1, 0, 0, 0)


def test_lambda_can_read_a_layer_that_was_built_with_a_strict_umask(tmp_path):
    folder = tmp_path / "python" / "package"
    folder.mkdir(parents=True)
    (folder / "module.py").touch(mode=0o600)
    (folder / "program").touch(mode=0o700)
    for one in (folder.parent, folder):
        one.chmod(0o700)

    layer.let_everybody_read(tmp_path)

    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    assert modes == {"python": 0o755, "package": 0o755, "module.py": 0o644, "program": 0o744}
