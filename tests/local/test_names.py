"""`logs` finds a function by a part of its name. The engine finds a Python by the name of a runtime."""

import os
import sys
from pathlib import Path

import pytest

from local import pythons
from local.errors import LocalError
from local.logs import function_named

FUNCTIONS = [
    "CorrectOrder",
    "GetOrder",
    "LostOrdersParkLostOrders",
    "OperatorsCloseOrder",
    "OperatorsListOrders",
    "PlaceOrder",
]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("PlaceOrder", "PlaceOrder"),
        ("placeorder", "PlaceOrder"),
        (" Place Order ", "PlaceOrder"),
        ("ParkLostOrders", "LostOrdersParkLostOrders"),
        ("PARKLOST", "LostOrdersParkLostOrders"),
        ("ListOrders", "OperatorsListOrders"),
        ("close", "OperatorsCloseOrder"),
        ("getO", "GetOrder"),
    ],
)
def test_a_part_of_a_functions_name_is_enough(text: str, name: str) -> None:
    assert function_named(text, FUNCTIONS) == name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Order", "may be CorrectOrder, GetOrder, OperatorsCloseOrder or PlaceOrder"),
        ("operators", "may be OperatorsCloseOrder or OperatorsListOrders"),
        ("PlaceOdrer", "did you mean PlaceOrder"),
        ("ParkLostOrder5", "did you mean LostOrdersParkLostOrders"),
        ("[/red]", "the functions are CorrectOrder, GetOrder,"),
        ("", "the functions are CorrectOrder, GetOrder,"),
        (" ", "the functions are CorrectOrder, GetOrder,"),
    ],
)
def test_an_unknown_or_ambiguous_name_is_rejected_with_suggestions(text: str, said: str) -> None:
    with pytest.raises(LocalError) as refused:
        function_named(text, FUNCTIONS)
    assert said in str(refused.value)


def test_the_exact_name_of_a_function_wins() -> None:
    assert function_named("order", ["Order", "PlaceOrder"]) == "Order"


def answers(folder: Path, name: str, answer: str, status: int = 0) -> str:
    """Makes an executable that answers like a Python whose version is asked for. Returns its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho '{answer}'\nexit {status}\n")
    (folder / name).chmod(0o755)
    return str(folder)


def found(runtime: str, **environment: str) -> pythons.Python:
    return pythons.of(runtime, os.pathsep.join(pythons.folders(environment)))


def test_functions_run_on_their_runtimes_version_if_the_machine_has_it(tmp_path: Path) -> None:
    for number, manager in enumerate(("pyenv/versions", "uv", "asdf/installs/python", "mise/installs/python")):
        answers(tmp_path / manager / f"3.9{number}.7" / "bin", f"python3.9{number}", f"cpython 3 9{number} 7")
    answers(tmp_path / "path", "python3.98", "cpython 3 98 1")
    managers = {
        "PATH": str(tmp_path / "path"),
        "PYENV_ROOT": str(tmp_path / "pyenv"),
        "UV_PYTHON_INSTALL_DIR": str(tmp_path / "uv"),
        "ASDF_DATA_DIR": str(tmp_path / "asdf"),
        "MISE_DATA_DIR": str(tmp_path / "mise"),
    }

    versions = [found(f"python3.{minor}", **managers).version for minor in (90, 91, 92, 93, 98)]

    assert versions == ["3.90.7", "3.91.7", "3.92.7", "3.93.7", "3.98.1"]


def test_the_newest_release_of_a_version_is_used(tmp_path: Path) -> None:
    for patch in (9, 10, 2):
        answers(tmp_path / "versions" / f"3.97.{patch}" / "bin", "python3.97", f"cpython 3 97 {patch}")

    assert found("python3.97", PYENV_ROOT=str(tmp_path)).version == "3.97.10"


@pytest.mark.parametrize(
    ("name", "answer", "status"),
    [
        ("python3.96", "", 127),
        ("python3.96", "pyenv: python3.96: command not found", 127),
        ("python3.96", "cpython 3 11 7", 0),
        ("python3.96", "pypy 3 96 1", 0),
        ("python3.96", "cpython 3 x", 0),
        ("python3.9", "cpython 3 9 18", 0),
        ("nodejs22.x", "cpython 22 1 1", 0),
    ],
)
def test_a_python_that_cannot_run_functions_is_ignored(name: str, answer: str, status: int, tmp_path: Path) -> None:
    """The first in the PATH is ignored, and the next one is used. A Python before 3.11 cannot run the patches."""
    first = answers(tmp_path / "first", name, answer, status)

    assert pythons.of(name, first) == pythons.OWN
    if name == "python3.96":
        second = answers(tmp_path / "second", name, "cpython 3 96 4")
        assert pythons.of(name, os.pathsep.join([first, second])).version == "3.96.4"


def test_a_shim_is_not_started(tmp_path: Path) -> None:
    shims = answers(tmp_path / "shims", "python3.95", "cpython 3 95 1")

    assert shims not in pythons.folders({"PATH": os.pathsep.join([shims, "/bin", "relative", ""])})
    assert pythons.folders({"PATH": "/bin:/bin:relative:"})[0] == "/bin"


def test_without_a_python_of_their_version_functions_run_on_the_laptop_clouds() -> None:
    assert found("python3.99") == pythons.Python(sys.executable, ".".join(map(str, sys.version_info[:3])))
