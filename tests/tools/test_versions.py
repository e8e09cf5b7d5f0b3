import platform

import pytest

from local.pythons import Python
from tools import versions


def test_the_versions_of_a_test_run_are_printed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["versions", "GNU make 3.81"])
    monkeypatch.setattr("tools.versions.pythons.of", lambda runtime, path: Python("python", f"1.2 for {runtime}"))

    versions.main()

    said = capsys.readouterr().out
    assert f"Python {platform.python_version()}, Node " in said
    assert "GNU make 3.81. Functions run on Python 1.2 for python3.13.\n" in said
