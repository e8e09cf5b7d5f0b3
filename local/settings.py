"""Where one laptop cloud keeps its things and which ports it uses."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import homes
from local.errors import DamagedError, LocalError
from local.homes import SETTINGS

PROJECT = Path(__file__).parent.parent
REGION = "us-east-1"
ACCOUNT = "000000000000"


INSIDE = "X-Laptop-Looks-Inside"
"""A request to Step Functions with this header also sees Express executions, which AWS hides."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One laptop cloud. Each checkout has its own, in its `.local` folder."""

    home: Path
    port: int = 4566
    redis_port: int = 6379
    consumer: bool = False
    """Whether the example consumer of the fulfillment queue is deployed."""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def redis_url(self) -> str:
        return f"redis://127.0.0.1:{self.redis_port}"

    @property
    def engine_log(self) -> Path:
        return self.home / "engine.log"

    @property
    def cache_log(self) -> Path:
        return self.home / "cache.log"

    @property
    def deploy_log(self) -> Path:
        return self.home / "deploy.log"

    @property
    def deploy_pid(self) -> Path:
        return self.home / "deploy.pid"

    @property
    def state(self) -> Path:
        """What the engine and the cache keep when they stop."""
        return self.home / "state"

    @property
    def assembly(self) -> Path:
        """The synthesised templates."""
        return self.home / "cdk.out"

    def remember(self, *names: str) -> dict[str, Any]:
        """Keeps these settings for the next command; returns the ones kept before. Raises DamagedError."""
        before = _remembered(self.home / SETTINGS)
        self.put_back(before | {name: getattr(self, name) for name in names})
        return before

    def put_back(self, before: Mapping[str, Any]) -> None:
        """Keeps what `remember` returned."""
        homes.write(self.home / SETTINGS, json.dumps(before))


def load(
    home: Path, *, port: int | None = None, redis_port: int | None = None, consumer: bool | None = None
) -> Settings:
    """The settings of the cloud in `home`: as they were last, unless others are given.

    Raises LocalError if the folder holds other things, or if the cloud's kept state has another port, because deployed
    functions hold addresses.
    """
    homes.require_own(home)
    last = _remembered(home / SETTINGS)
    ports = {"port": port, "redis_port": redis_port}
    for name, value in ports.items():
        if value is not None and last.get(name, value) != value and (home / "state").exists():
            raise LocalError(
                f"this cloud was deployed with --{name.replace('_', '-')} {last[name]}, and its functions hold that "
                f"address; `python -m local down --forget` drops it, then `up` takes another port"
            )
    given = {name: value for name, value in {**ports, "consumer": consumer}.items() if value is not None}
    return Settings(home=home, **{**last, **given})


def _remembered(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    try:
        told = json.loads(file.read_bytes())
    except ValueError:
        raise DamagedError(file) from None
    kinds = {"port": int, "redis_port": int, "consumer": bool}
    if not isinstance(told, dict) or not all(type(value) is kinds.get(name) for name, value in told.items()):
        raise DamagedError(file)
    return told


def isolated(environment: Mapping[str, str]) -> dict[str, str]:
    """`environment` without a developer's own AWS profile, region or endpoint, and with our tools on its PATH.

    Those settings must neither reach the laptop cloud nor be reached from here.
    """
    kept = {name: value for name, value in environment.items() if not name.startswith(("AWS_", "CDK_"))}
    return kept | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)]),
    }
