"""The constants of modules, and the defaults of their parameters, as JSON."""

import ast
import importlib
import inspect
import os
import re
from collections.abc import Callable, Mapping, Set
from dataclasses import fields, is_dataclass
from datetime import timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from botocore.config import Config

NOT_CONSTANT = {"_paces", "kept_answers", "breaker"}
"""Names of modules that hold what a function remembers between its calls."""


class NoConstantError(Exception):
    """A value that is not data, such as a client of AWS."""


def of_folder(folder: Path, root: Path) -> dict[str, dict[str, Any]]:
    """The constants of all modules below `folder`, by module and by name. Modules without a constant are left out.

    Python imports the modules from `root`.
    """
    files = sorted(file for file in folder.glob("**/*.py") if file.stem != "__init__")
    names = [".".join(file.relative_to(root).with_suffix("").parts) for file in files]
    found = {name: of_module(importlib.import_module(name)) for name in names}
    return {name: constants for name, constants in found.items() if constants}


def differing(found: Mapping[str, Mapping[str, Any]], expected: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The found values that differ from the expected ones, by module and name. A missing one is "gone"."""
    return {
        f"{module}.{name}": found.get(module, {}).get(name, "gone")
        for module in found.keys() | expected.keys()
        for name in found.get(module, {}).keys() | expected.get(module, {}).keys()
        if found.get(module, {}).get(name, "gone") != expected.get(module, {}).get(name, "gone")
    }


def of_module(module: ModuleType) -> dict[str, Any]:
    """The constants of a module by name. A regular expression has slashes around it."""
    found: dict[str, Any] = {}
    for name in _assigned(module):
        try:
            found[name] = as_json(getattr(module, name))
        except NoConstantError:
            continue
    for name, function in vars(module).items():
        if isinstance(function, FunctionType) and function.__module__ == module.__name__:
            found |= {f"{name}({one}=)": value for one, value in _defaults(function).items()}
    return found


def _assigned(module: ModuleType) -> list[str]:
    """The names that a module assigns itself."""
    tree = ast.parse(inspect.getsource(module))
    targets = [
        target
        for node in tree.body
        for target in (node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)])
    ]
    names = [name.id for target in targets if target for name in ast.walk(target) if isinstance(name, ast.Name)]
    return [name for name in names if name not in NOT_CONSTANT and hasattr(module, name)]


def _defaults(function: Callable[..., Any]) -> dict[str, Any]:
    found = {}
    for name, parameter in inspect.signature(inspect.unwrap(function)).parameters.items():
        if parameter.default is not parameter.empty:
            try:
                found[name] = as_json(parameter.default)
            except NoConstantError:
                continue
    return found


def as_json(value: Any) -> Any:
    """Raises NoConstantError if `value` is not data."""
    match value:
        case Enum():
            return value.name
        # Other machines have other values of these.
        case Mapping() if value is os.environ:
            raise NoConstantError(value)
        case str() if len(value) > 1 and value.startswith("/") and Path(value).exists():
            raise NoConstantError(value)
        case bool() | int() | float() | str() | None:
            return value
        case bytes() | Decimal() | range():
            return repr(value)
        case timedelta():
            return f"{value.total_seconds():.0f} seconds"
        case re.Pattern():
            return f"/{value.pattern}/{value.flags & ~re.UNICODE or ''}"
        case Config():
            return as_json(value._user_provided_options)
        case Mapping():
            return {str(as_json(name)): as_json(one) for name, one in value.items()}
        case Set():
            return sorted(map(str, map(as_json, value)))
        case tuple() if hasattr(value, "_asdict"):
            return as_json(value._asdict())
        case list() | tuple():
            return [as_json(one) for one in value]
        case FunctionType():
            return f"{value.__module__}.{value.__qualname__}"
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    raise NoConstantError(value)
