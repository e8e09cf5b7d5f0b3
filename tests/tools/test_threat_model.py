"""docs/threat-model.md names tests that exist, and its numbers follow from the stage `prod` and its prices."""

import re
from pathlib import Path

from costs import prices
from reminders.recurrence import SHORTEST_MINUTES
from stacks.config import PROD

PROJECT = Path(__file__).parents[2]
TEXT = (PROJECT / "docs" / "threat-model.md").read_text()
NAMED = re.findall(r"`(\w+\.py)::(\w+)`", TEXT)


def test_every_test_that_the_threat_model_names_exists() -> None:
    files: dict[str, list[str]] = {path.name: [] for path in PROJECT.glob("tests/**/test_*.py")}
    for path in PROJECT.glob("tests/**/test_*.py"):
        files[path.name] += re.findall(r"^def (test_\w+)\(", path.read_text(), re.M)

    missing = [f"{file}::{name}" for file, name in NAMED if name not in files.get(file, [])]

    assert not missing, "\n".join(["rename these tests in docs/threat-model.md, or take their rows out:", *missing])


def test_every_row_of_the_table_has_a_test() -> None:
    _, table = TEXT.split("## What stops what")
    rows = [line for line in table.split("## What is left")[0].splitlines() if re.match(r"\| ([0-9]|all) \|", line)]

    assert rows and all("::test_" in row for row in rows)
    boundaries = {digit for edge in re.findall(r"\|\"?([0-9])[^|]*\|", TEXT.split("```")[1]) for digit in edge}
    assert boundaries == {row[2] for row in rows} - {"a"}


def test_what_a_person_could_cost_follows_from_the_limits() -> None:
    mails = PROD.limits.reminders_waiting * 24 * 60 // SHORTEST_MINUTES
    usd = mails * (_usd_of_a_million("reminder occurrence") / 1e6 + prices.load()["ses.mail"])

    assert f"may have {PROD.limits.reminders_waiting} reminders that repeat every five minutes" in TEXT
    assert f"{mails:,} mails a day to themselves, about {usd:.0f} USD" in TEXT


def test_what_a_stolen_token_could_cost_follows_from_the_throttle() -> None:
    usd = PROD.throttle_rate * 3600 * _usd_of_a_million("order") / 1e6

    assert f"about {round(usd, -1):.0f} USD an hour" in TEXT


def _usd_of_a_million(path: str) -> float:
    """What a million of a path costs: docs/cost.md, which another test compares with the prices."""
    found = re.search(rf"^\| {path} \| ([0-9.]+) \|", (PROJECT / "docs" / "cost.md").read_text(), re.M)
    assert found
    return float(found[1])
