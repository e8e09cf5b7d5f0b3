"""Runs the checks one after the other, and says before what they cost."""

import time
from collections.abc import Sequence
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from costs import prices, quantities
from terminal.errors import CommandError
from terminal.text import counted
from tools.errors import sentence
from tools.install import ROOT
from tools.verify.check import Check, Outcome, Verdict
from tools.verify.findings import FailedError, LeftOutError, brief
from tools.verify.run import Run

DIFFERENCES = ROOT / "docs" / "local.md"

USERS = 4
"""The most users that a run creates. Cognito bills each as a monthly active user above the first 10,000."""

TEXT, TEXTS = "sns.sms", 2
"""The unit of a text, and how many texts a run sends."""


def outcome(run: Run, check: Check) -> Outcome:
    """Runs a check. Only an interrupt or a bug of a check raises anything."""
    start = time.monotonic()
    verdict, found = _verdict(run, check)
    return Outcome(check=check, verdict=verdict, found=found, seconds=time.monotonic() - start)


def _verdict(run: Run, check: Check) -> tuple[Verdict, str]:
    try:
        return "ok", check.look(run)
    except LeftOutError as why:
        return "left out", str(why)
    except (FailedError, CommandError) as error:
        found = str(error)
    except (BotoCoreError, ClientError) as error:
        found = sentence(error)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        # The answer has another form than this version of the project gives it.
        found = f"an answer has an unexpected form ({type(error).__name__}: {brief(error)})"
    if check.differs and run.deployment.is_laptop:
        return "differs", f"{found} (docs/local.md, line {line_of(check.differs)})"
    return "failed", found


def line_of(test: str, file: Path = DIFFERENCES) -> int:
    """The line of docs/local.md that names this test. Raises ValueError if there is none."""
    lines = [number for number, line in enumerate(file.read_text().splitlines(), 1) if f"`{test}`" in line]
    if not lines:
        raise ValueError(f"docs/local.md has no row with {test}")
    return lines[0]


def usd(checks: Sequence[Check]) -> float:
    """What the checks cost without texts, at AWS's prices in us-east-1, estimated from the laptop cloud's counts."""
    return sum(_usd(what) * times for check in checks for what, times in check.uses.items())


def _usd(what: str) -> float:
    if what in prices.table():
        return prices.usd(what, 1)
    paths = quantities.counted()
    priced = {unit: of for unit, of in paths[what].items() if unit in prices.table() and unit != TEXT}
    return sum(prices.usd(unit, sum(of.values())) for unit, of in priced.items())


def minutes(checks: Sequence[Check]) -> int:
    return max(1, round(sum(check.seconds for check in checks) / 60))


def announcement(run: Run, checks: Sequence[Check], *, stage: str) -> list[str]:
    """What the run will do, take and cost, in sentences."""
    region = "the laptop cloud" if run.deployment.is_laptop else run.deployment.region
    said = [f"Verifying the stage {stage} in {region}: {counted(len(checks), 'check')}."]
    users = f"It creates up to {USERS} users with random passwords, and removes them with their orders and reminders."
    if run.deployment.is_laptop:
        return [*said, users, "It takes about a minute, and costs nothing."]
    texts = f" {TEXTS} texts cost {100 * prices.usd(TEXT, TEXTS):.1f} cents in the United States, and fees."
    return [
        *said,
        f"It takes about {counted(minutes(checks), 'minute')}, and costs about {100 * usd(checks):.1f} cents."
        + (texts if run.phone else " It sends no texts, because no PHONE was given."),
        f"An account with more than 10,000 active users also pays {100 * prices.usd('cognito.user_month', USERS):.0f} "
        "cents for the users.",
        users,
        "One order is parked and removed again. The alarms `parked orders` and `URGENT` may go off for some minutes.",
        "One message goes to the subscribers of the topic. Mails go to SES's mailbox simulator.",
    ]
