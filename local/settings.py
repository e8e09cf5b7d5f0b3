"""The settings of a laptop cloud: its folder, its ports, and the environment of its processes."""

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import homes
from local.errors import DamagedError, LocalError
from local.homes import SETTINGS

PROJECT = Path(__file__).parent.parent
HOME = str(PROJECT / ".local")
"""Folder of this checkout's cloud, unless `--home` names another one."""

REGION = "us-east-1"
ACCOUNT = "000000000000"


INSIDE = "X-Laptop-Looks-Inside"
"""A request to Step Functions with this header also sees Express executions, which AWS hides."""


RATES = ("mails_per_second", "texts_per_second")
"""The settings that limit how fast the engine's SES and SNS accept messages."""

MAILS_VARIABLE, TEXTS_VARIABLE = "LAPTOP_MAILS_PER_SECOND", "LAPTOP_TEXTS_PER_SECOND"
"""The variables that tell a starting engine its limits."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings of one laptop cloud."""

    home: Path
    port: int = 4566
    redis_port: int = 6379
    consumer: bool = False
    """Whether the example consumer of the fulfillment queue is deployed."""
    mails_per_second: int = 14
    """How many mails SES accepts: the rate of a new production account. The sandbox has 1. 0 means no limit."""
    texts_per_second: int = 20
    """How many text messages SNS accepts."""
    idle_seconds: int = 30
    """A function's process may end when it had no call for so long. It has ended within the next 30 seconds."""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def redis_url(self) -> str:
        return f"redis://127.0.0.1:{self.redis_port}"

    @property
    def other_home(self) -> str | None:
        """The folder that a command has to name with `--home`; None for this checkout's own cloud."""
        return None if str(self.home) == HOME else str(self.home)

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
        """The folder for the data that the engine and the cache save when they stop."""
        return self.home / "state"

    @property
    def assembly(self) -> Path:
        """The folder of the synthesised templates."""
        return self.home / "cdk.out"

    def remember(self, *names: str) -> dict[str, Any]:
        """Saves these settings for the next command, and returns those saved before. Raises DamagedError."""
        before = _remembered(self.home / SETTINGS)
        self.put_back(before | {name: getattr(self, name) for name in names})
        return before

    def put_back(self, before: Mapping[str, Any]) -> None:
        """Saves the settings that `remember` returned."""
        homes.write(self.home / SETTINGS, json.dumps(before))


def load(
    home: Path,
    *,
    port: int | None = None,
    redis_port: int | None = None,
    consumer: bool | None = None,
    mails_per_second: int | None = None,
    texts_per_second: int | None = None,
) -> Settings:
    """Returns the saved settings of the cloud in `home`. The given settings replace saved ones.

    Raises LocalError if the folder holds other files. Also raises it if the saved data is for another port, because
    deployed functions hold addresses.
    """
    homes.require_own(home)
    last = _remembered(home / SETTINGS)
    ports = {"port": port, "redis_port": redis_port}
    for name, value in ports.items():
        if value is not None and last.get(name, value) != value and (home / "state").exists():
            raise LocalError(
                f"this cloud was deployed with --{name.replace('_', '-')} {last[name]}, and its functions hold that "
                f"address; to use another port, first delete the cloud's data with `laptop down --forget`"
            )
    others = {"consumer": consumer, "mails_per_second": mails_per_second, "texts_per_second": texts_per_second}
    given = {name: value for name, value in (ports | others).items() if value is not None}
    return Settings(home=home, **{**last, **given})


AFTER = (
    "Then run `laptop up` with the ports that this cloud had: --port and --redis-port, unless they were "
    f"{Settings.port} and {Settings.redis_port}. Its functions hold these addresses. Add --consumer if it had one"
)


def _remembered(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    try:
        found = json.loads(file.read_bytes())
    except ValueError:
        raise DamagedError(file, AFTER) from None
    kinds = {"consumer": bool, **dict.fromkeys(("port", "redis_port", *RATES), int)}
    if not isinstance(found, dict) or any(type(value) is not kinds.get(name) for name, value in found.items()):
        raise DamagedError(file, AFTER)
    if not all(0 < int(found.get(name, 1)) < 65536 for name in ("port", "redis_port")):
        raise DamagedError(file, AFTER)
    if any(int(found.get(name, 0)) < 0 for name in RATES):
        raise DamagedError(file, AFTER)
    return found


OWN_SETTINGS = ("AWS_", "CDK_", "JSII_", "NODE_", "PYTHON", "BOTO_")
"""Prefixes of environment variables that a developer may have set for other programs."""

KEPT = (
    *("CDK_DISABLE_CLI_TELEMETRY", "CDK_VALIDATION", "JSII_RUNTIME_PACKAGE_CACHE_ROOT"),
    *("NODE_USE_SYSTEM_CA", "NODE_EXTRA_CA_CERTS", "PYTHONHOME", "PYTHONPYCACHEPREFIX"),
)
"""Variables that stay although their names begin with one of these prefixes. The Makefile sets some of them. Others
describe this machine."""

OWN_ADDRESSES = ("127.0.0.1", "localhost", ".localhost")


def isolated(environment: Mapping[str, str]) -> dict[str, str]:
    """Returns `environment` without the settings of a developer, and with our tools on its PATH.

    The laptop cloud must not use a developer's settings for AWS, CDK, Node and Python. Addresses of this machine are
    reached without a proxy.
    """
    kept = {name: value for name, value in environment.items() if name in KEPT or not name.startswith(OWN_SETTINGS)}
    for name in ("TMPDIR", "TEMP", "TMP"):
        if name in kept and not os.access(kept[name], os.W_OK | os.X_OK):
            # Node would use the folder even if it is missing.
            del kept[name]
    # Programs read one name or the other, and separate the addresses by commas or blanks.
    listed = re.split(r"[,\s]+", f"{environment.get('no_proxy', '')},{environment.get('NO_PROXY', '')}")
    without_proxy = "*" if "*" in listed else ",".join(dict.fromkeys([*filter(None, listed), *OWN_ADDRESSES]))
    tools, path = str(Path(sys.executable).parent), environment.get("PATH", os.defpath)
    return kept | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "no_proxy": without_proxy,
        "NO_PROXY": without_proxy,
        "PATH": path if path.split(os.pathsep)[0] == tools else f"{tools}{os.pathsep}{path}",
    }
