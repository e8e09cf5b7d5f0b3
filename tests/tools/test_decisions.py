"""Every decision has a number of its own and a line in the index, and every number that is named exists."""

import re
import subprocess
from datetime import date
from pathlib import Path
from typing import NamedTuple

from local.settings import PROJECT

PAGES = PROJECT / "docs" / "decisions"
INDEX = PAGES / "index.md"

HEADING = re.compile(r"^## (.*)\n(.*)$", re.M)
TITLE = re.compile(r"(D[0-9]{3}): (.+)")
DATE = re.compile(r"\*(20[0-9]{2}-[0-9]{2}-[0-9]{2})\*")
NAMED = re.compile(r"\bD[0-9]{3}\b")
NEXT = re.compile(r"The next decision gets the number (D[0-9]{3})\.")
RESERVED = re.compile(r"Reserved for branches that are not merged yet: D([0-9]{3}) to D([0-9]{3})\.")
RETIRED = re.compile(r"Retired numbers: (none|D[0-9]{3}(?:,\s+D[0-9]{3})*)\.")

NOT_OURS = ("website/vendor/", "package-lock.json", "constraints.txt", "THIRD_PARTY", "tests/corpora/hostile.json")
"""Parts of the paths of files that others wrote, whose numbers do not name decisions."""


class Decision(NamedTuple):
    number: str
    title: str
    date: str
    page: Path

    @property
    def line(self) -> str:
        """Its line in the index."""
        heading = f"{self.number}: {self.title}".lower()
        anchor = re.sub("[^a-z0-9 _-]", "", heading).replace(" ", "-")
        subject = self.page.stem.replace("-", " ")
        return f"| [{self.number}]({self.page.name}#{anchor}) | {self.title} | {self.date} | {subject} |"


def decisions(page: Path) -> list[Decision]:
    """The decisions of a page. Fails if a heading has no number, or no date under it."""
    found = []
    for heading, below in HEADING.findall(page.read_text()):
        title, day = TITLE.fullmatch(heading), DATE.fullmatch(below)
        assert title, f"{page.name}: '## {heading}' must begin with a number, such as 'D123: '"
        assert day, f"{page.name}: the line under '## {heading}' must be its date, such as '*2026-11-26*'"
        found.append(Decision(title[1], title[2], date.fromisoformat(day[1]).isoformat(), page))
    return found


ALL = sorted(one for page in PAGES.glob("*.md") if page != INDEX for one in decisions(page))


def files() -> list[Path]:
    """The text files of the repository, committed or not."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=PROJECT, capture_output=True, check=True, text=True).stdout.split("\0")
    ours = [name for name in names if name and not any(part in name for part in NOT_OURS)]
    return [path for name in ours if (path := PROJECT / name).is_file() and b"\0" not in path.read_bytes()]


def named(path: Path) -> set[str]:
    return set(NAMED.findall(path.read_text()))


def test_each_number_belongs_to_one_decision() -> None:
    numbers = [one.number for one in ALL]

    assert len(numbers) > 100
    assert sorted(numbers) == sorted(set(numbers))


def test_the_decisions_of_a_page_are_in_the_order_of_their_numbers() -> None:
    for page in PAGES.glob("*.md"):
        numbers = [one.number for one in decisions(page)] if page != INDEX else []

        assert numbers == sorted(numbers), page.name


def test_no_number_is_skipped_or_used_again() -> None:
    text = INDEX.read_text()
    following, retired = NEXT.search(text), RETIRED.search(text)
    assert following and retired

    used = {one.number for one in ALL} | set(NAMED.findall(retired[1]))
    if reserved := RESERVED.search(text):
        used |= {f"D{number:03}" for number in range(int(reserved[1]), int(reserved[2]) + 1)}

    assert used == {f"D{number:03}" for number in range(1, int(following[1][1:]))}, (
        "docs/decisions/index.md says which number is next, and which numbers had a decision that is gone"
    )


def test_the_index_lists_every_decision() -> None:
    lines = [line for line in INDEX.read_text().splitlines() if line.startswith("| [D")]
    wanted = [one.line for one in ALL]

    missing = "\n".join(line for line in wanted if line not in lines)
    surplus = "\n".join(line for line in lines if line not in wanted)
    assert not missing, f"docs/decisions/index.md lacks these lines:\n{missing}"
    assert not surplus, f"docs/decisions/index.md has lines without a decision:\n{surplus}"
    assert lines == wanted, "docs/decisions/index.md is not in the order of the numbers"


def test_every_number_that_is_named_is_a_decision() -> None:
    known = {one.number for one in ALL}
    this_file = Path(__file__).resolve()

    unknown = [
        f"{path.relative_to(PROJECT)} names {number}"
        for path in files()
        if path != this_file and path != INDEX
        for number in sorted(named(path) - known)
    ]

    assert not unknown, "\n".join(unknown)
