"""What each handler imports, and which clients it makes meanwhile.

It is also a script: it imports each handler of its arguments in a process of its own, with a fake boto3, because the
real one takes a hundred times as long. Its output is JSON.
"""

import gc
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, NamedTuple

HEAVY = {"asyncio", "ctypes", "multiprocessing", "sqlite3", "unittest", "xml", "zoneinfo"}
"""Parts of the standard library that take long to import, and that boto3 does not import."""

OF_AWS = {"boto3", "botocore"}

NEVER = 10**9


class Imported(NamedTuple):
    """The packages except boto3 and the modules of `lambdas` that a handler imports, and its clients of AWS."""

    packages: set[str]
    clients: list[str]
    ours: set[str]
    threshold: int
    """How many new objects start Python's search for garbage while the handler imports boto3."""

    unreported: list[str]
    """The clients that it makes before `common.calls` is imported. Their calls are in no trace."""


def imported(handlers: Sequence[str], environment: Mapping[str, str]) -> dict[str, Imported]:
    """What each of `handlers`, like "orders.get_order", imports."""
    command = [sys.executable, "-P", __file__, *handlers]
    done = subprocess.run(command, env={**os.environ, **environment}, check=True, stdout=subprocess.PIPE, text=True)
    return {
        handler: Imported(set(packages), clients, set(ours), threshold, unreported)
        for handler, (packages, clients, ours, threshold, unreported) in json.loads(done.stdout).items()
    }


class Anything(Exception):  # noqa: N818 - it also stands in for the errors of boto3
    """Can be called, combined and asked for any attribute, like the clients and conditions of boto3."""

    def __init__(self, *_: Any, **__: Any) -> None:
        super().__init__()

    def __call__(self, *_: Any, **__: Any) -> "Anything":
        return self

    def __getattr__(self, name: str) -> "Anything":
        return self

    __and__ = __or__ = __call__


class FakeAws(MetaPathFinder, Loader):
    """Finds every module of boto3 and botocore, and gives each any attribute. Notes each client by its service."""

    def __init__(self) -> None:
        self.clients: list[str] = []
        self.unreported: list[str] = []
        self.threshold = NEVER

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name.partition(".")[0] not in OF_AWS:
            return None
        self.threshold = min(self.threshold, gc.get_threshold()[0])
        return ModuleSpec(name, self, is_package=True)

    def exec_module(self, module: ModuleType) -> None:
        def made(service: str, *_: Any, **__: Any) -> Anything:
            self.clients.append(service)
            if "common.calls" not in sys.modules:
                self.unreported.append(service)
            return Anything()

        known = {"client": made, "resource": made} if module.__name__ == "boto3" else {}

        def attribute(name: str) -> Any:
            if name.startswith("__"):
                raise AttributeError(name)
            is_class = name[0].isupper() and not name.isupper()
            return known.get(name) or (type(name, (Anything,), {}) if is_class else Anything())

        # Powertools compares it.
        module.__dict__["__version__"] = "1.0.0"
        module.__dict__["__getattr__"] = attribute


def _of(handler: str, before: set[str]) -> tuple[list[str], list[str], list[str], int, list[str]]:
    aws = FakeAws()
    sys.meta_path.insert(0, aws)
    importlib.import_module(handler)
    ours = {name for name, one in sys.modules.items() if "/lambdas/" in (getattr(one, "__file__", None) or "")}
    new = {name.partition(".")[0] for name in sys.modules.keys() - before - ours}
    packages = {name for name in new if name in HEAVY or not (name in sys.stdlib_module_names or name[0] == "_")}
    return sorted(packages - OF_AWS), sorted(aws.clients), sorted(ours), aws.threshold, aws.unreported


def _main() -> None:
    before, found = set(sys.modules), {}
    for handler in sys.argv[1:]:
        reads, writes = os.pipe()
        if not os.fork():
            with os.fdopen(writes, "w") as answer:
                json.dump(_of(handler, before), answer)
            os._exit(0)
        os.close(writes)
        with os.fdopen(reads) as answer:
            found[handler] = json.load(answer)
        os.wait()
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    _main()
