"""Shows that reminders that are due in the same second all arrive, as fast as the rate allows, and each once.

`make due-together` runs it on a new laptop cloud and writes due_together.md. With the default of 10,000 reminders it
takes about 25 minutes.
"""

import argparse
import os
import platform
import re
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from common import queues
from local import users
from local.cloud import Cloud, Places
from local.engine import send
from local.processes import free_port
from local.settings import Settings

REPORT = Path(__file__).with_suffix(".md")
REMINDERS = 10_000
CLIENTS = 6
SECONDS_TO_SET_ONE = 0.06
"""An estimate, from which the due second follows. A busy machine needs longer, and the API refuses a due time that is
over."""

SPARE_SECONDS = 20
LOOK_SECONDS = 5
STUCK_SECONDS = 700
"""Longer than a message stays hidden after a refusal. If nothing is sent for so long, the rest will not come."""

HEAD = """\
# Reminders that are due together

Written by `make due-together` on {today}, with Python {python} and {processors} processors, in one run of a laptop
cloud. All reminders of a column are due in the same second. The engine's SES and SNS refuse more messages than they
accept a second, as on AWS. In the second column the stage sends faster than SES accepts. What was sent is counted in
the outbox, and reminders in their table.

"""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    title: str
    channel: Literal["email", "sms"]
    count: int
    accepted: int
    """What SES or SNS accepts in a second."""
    rate: float
    """What the stage sends in a second."""

    def text(self, number: int) -> str:
        return f"Due together, {self.title}, {number:05}"


@dataclass(frozen=True, kw_only=True)
class Run:
    """The results of a scenario. Times are in seconds after the second in which all reminders were due."""

    scenario: Scenario
    set_seconds: float
    """How long it took to set all reminders."""
    sent: Sequence[float]
    """When each message was sent, sorted."""
    copies: Counter[str]
    """How many messages each reminder got, by its text."""
    statuses: Counter[str]
    throttled: int
    dead_letters: int

    @property
    def least(self) -> float:
        """The least time in which these messages can be sent."""
        return self.scenario.count / min(self.scenario.rate, self.scenario.accepted)

    @property
    def twice(self) -> int:
        return sum(count > 1 for count in self.copies.values())

    @property
    def complete(self) -> bool:
        """Whether each reminder was sent once."""
        count = self.scenario.count
        return self.statuses == {"SENT": count} and len(self.copies) == count and not self.twice


@contextmanager
def cloud_of_its_own() -> Iterator[Cloud]:
    with TemporaryDirectory() as home:
        cloud = Cloud(Settings(home=Path(home), port=free_port(), redis_port=free_port()))
        cloud.up(print)
        try:
            yield cloud
        finally:
            cloud.down(forget=True)


def measure(cloud: Cloud, scenario: Scenario, *, seconds_to_set_one: float) -> Run:
    """Sets the reminders, waits until nothing more is sent, and counts."""
    cloud.engine.limit_sending(mails=scenario.accepted, texts=scenario.accepted)
    refused, before = throttled(cloud), sent_so_far(cloud, scenario)
    wait = timedelta(seconds=scenario.count * seconds_to_set_one + SPARE_SECONDS)
    due = (datetime.now(UTC) + wait).replace(microsecond=0)
    began = time.time()
    set_all(cloud.places(), cloud.sign_in(users.PERSON), scenario, due)
    ended = time.time()
    print(f"{scenario.title}: set {scenario.count} in {ended - began:.0f} seconds", flush=True)
    wait_until_sent(cloud, scenario, due, before=before)
    rows = rows_of(cloud, due)
    texts = texts_of(cloud, scenario)
    if scenario.channel == "email":
        times = [mail["Timestamp"] for mail in mails_of(cloud, scenario)]
    else:
        # The engine does not say when it sent a text. The row says so a moment later.
        times = [datetime.fromisoformat(row["UpdatedAt"]).timestamp() for row in rows]
    return Run(
        scenario=scenario,
        set_seconds=ended - began,
        sent=sorted(at - due.timestamp() for at in times),
        copies=Counter(texts),
        statuses=Counter(row["Status"] for row in rows),
        throttled=throttled(cloud) - refused,
        dead_letters=sum(count for url, count in waiting(cloud).items() if "Dead" in url),
    )


def set_all(places: Places, token: str, scenario: Scenario, due: datetime) -> None:
    address = (
        {"email": users.EMAILS[users.PERSON]} if scenario.channel == "email" else {"phone": users.PHONES["person"]}
    )

    def set_one(number: int) -> None:
        reminder = {
            "message": scenario.text(number),
            "channels": [scenario.channel],
            "timestamp": due.strftime("%Y-%m-%dT%H:%M:%SZ"),
            **address,
        }
        # A key makes it safe to repeat a request whose answer was lost.
        headers = {"Idempotency-Key": scenario.text(number).replace(" ", "-").replace(",", "")}
        for _ in range(10):
            response = send("POST", f"{places.reminders_api}/reminders", body=reminder, token=token, headers=headers)
            if response.status_code < 400:
                return
            if response.status_code < 500 and response.status_code != 429:
                break
            time.sleep(1)
        raise SystemExit(f"a reminder was answered {response.status_code}: {response.text}")

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(set_one, range(scenario.count)))


def wait_until_sent(cloud: Cloud, scenario: Scenario, due: datetime, *, before: int) -> None:
    """Returns when all messages were sent and none is left, or when nothing has been sent for a while."""
    time.sleep(max(0.0, due.timestamp() - time.time()))
    sent, last = 0, time.monotonic()
    while time.monotonic() - last < STUCK_SECONDS:
        found = sent_so_far(cloud, scenario) - before
        if found > sent:
            sent, last = found, time.monotonic()
        print(f"{time.time() - due.timestamp():.0f} seconds after the due second: {sent} sent", flush=True)
        if sent >= scenario.count and not any(waiting(cloud).values()):
            return
        time.sleep(LOOK_SECONDS)


def sent_so_far(cloud: Cloud, scenario: Scenario) -> int:
    """How many mails or texts the cloud has sent, also for earlier scenarios."""
    if scenario.channel == "email":
        # Quicker than to read all mails.
        return int(cloud.engine.client("sesv2").get_account()["SendQuota"]["SentLast24Hours"])
    return len(cloud.engine.texts())


def texts_of(cloud: Cloud, scenario: Scenario) -> list[str]:
    """The texts of the reminders in the outbox."""
    if scenario.channel == "email":
        return [str(mail["BodyText"]).partition("\n")[0] for mail in mails_of(cloud, scenario)]
    ours = (text["Message"] for text in cloud.engine.texts())
    return [text for text in ours if text.startswith(scenario.text(0)[:-5])]


def mails_of(cloud: Cloud, scenario: Scenario) -> list[dict[str, Any]]:
    return [mail for mail in cloud.engine.mails() if mail["BodyText"].startswith(scenario.text(0)[:-5])]


def rows_of(cloud: Cloud, due: datetime) -> list[dict[str, str]]:
    """The status of each reminder that was due in this second, and when it changed."""
    pages = (
        cloud.engine.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=cloud.places().reminder_table,
            ProjectionExpression="#status, UpdatedAt, DueAt",
            ExpressionAttributeNames={"#status": "Status"},
        )
    )
    rows = ({name: value["S"] for name, value in row.items()} for page in pages for row in page["Items"])
    return [row for row in rows if "DueAt" in row and datetime.fromisoformat(row["DueAt"]) == due]


def waiting(cloud: Cloud) -> dict[str, int]:
    """How many messages each queue of the reminders has, hidden ones included, by its URL."""
    sqs = cloud.engine.client("sqs")
    urls = [url for url in sqs.list_queues()["QueueUrls"] if re.search("(Email|SMS|Topic)Queue|Dead", url)]
    return {url: queues.waiting(sqs, url) for url in urls if "Order" not in url and "Escalation" not in url}


def throttled(cloud: Cloud) -> int:
    """How many messages SES and SNS have refused for their rate."""
    return len(re.findall(rb"SES throttled a mail|SNS throttled a text", cloud.settings.engine_log.read_bytes()))


def report_of(runs: Sequence[Run]) -> str:
    """The runs as a page in Markdown."""
    head = HEAD.format(
        today=date.today(),
        python=platform.python_version(),
        processors=os.cpu_count(),
    )
    rows: list[tuple[str, Callable[[Run], str]]] = [
        ("the stage sends a second", lambda run: f"{run.scenario.rate:g}"),
        ("SES or SNS accepts a second", lambda run: f"{run.scenario.accepted}"),
        ("reminders", lambda run: f"{run.scenario.count:,}"),
        ("… `SENT`", lambda run: f"{run.statuses['SENT']:,}"),
        ("… `FAILED`", lambda run: f"{run.statuses['FAILED']:,}"),
        ("messages in the outbox", lambda run: f"{len(run.sent):,}"),
        ("reminders that came twice", lambda run: f"{run.twice:,}"),
        ("dead letters", lambda run: f"{run.dead_letters:,}"),
        ("refused for the rate", lambda run: f"{run.throttled:,}"),
        ("first message, seconds after the due second", lambda run: f"{run.sent[0]:.1f}"),
        ("last message", lambda run: f"{run.sent[-1]:.1f}"),
        ("least time that the rate allows", lambda run: f"{run.least:.1f}"),
        ("last message / least time", lambda run: f"{run.sent[-1] / run.least:.2f}"),
        *((f"late by, p{part}, seconds", late_by(part)) for part in (50, 90, 99)),
        ("most messages in one second", lambda run: f"{max(Counter(int(at) for at in run.sent).values())}"),
        ("seconds to set all reminders", lambda run: f"{run.set_seconds:.0f}"),
    ]
    table = [
        f"| | {' | '.join(run.scenario.title for run in runs)} |",
        f"|---|{'---:|' * len(runs)}",
        *(f"| {what} | {' | '.join(show(run) for run in runs)} |" for what, show in rows),
    ]
    return head + "\n".join(table) + "\n"


def late_by(part: int) -> Callable[[Run], str]:
    return lambda run: f"{statistics.quantiles(run.sent, n=100)[part - 1]:.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.due_together", description=__doc__)
    parser.add_argument("--reminders", type=int, default=REMINDERS, metavar="N", help="how many (default: 10000)")
    parser.add_argument(
        "--seconds-to-set-one",
        type=float,
        default=SECONDS_TO_SET_ONE,
        metavar="SECONDS",
        help=f"how long it takes to set a reminder, with {CLIENTS} clients at once (default: {SECONDS_TO_SET_ONE})",
    )
    options = parser.parse_args()
    count = options.reminders
    # Imported here, because CDK starts Node, and `--help` needs neither.
    from stacks.config import LOCAL

    mails, texts = LOCAL.mails_per_second, LOCAL.texts_per_second
    scenarios = (
        Scenario(title="mails", channel="email", count=count, accepted=round(mails), rate=mails),
        Scenario(title="mails, rate too high", channel="email", count=max(20, count // 20), accepted=5, rate=mails),
        Scenario(title="texts", channel="sms", count=max(20, count // 10), accepted=round(texts), rate=texts),
    )
    with cloud_of_its_own() as cloud:
        runs = [measure(cloud, one, seconds_to_set_one=options.seconds_to_set_one) for one in scenarios]
    REPORT.write_text(report_of(runs))
    print(REPORT.read_text())
    if not all(run.complete for run in runs):
        raise SystemExit("not every reminder was sent once")


if __name__ == "__main__":
    main()
