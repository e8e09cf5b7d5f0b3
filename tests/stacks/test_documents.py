"""The documents agree with the templates of the stacks."""

import json
import re
from dataclasses import fields
from typing import Any

import pytest

from local.settings import PROJECT, Settings
from reminders.reminder import OVER, SCHEDULED, SENDING
from stacks.config import DEV, CacheSettings
from stacks.names import STACKS

OPERATIONS = (PROJECT / "docs" / "operations.md").read_text()
README = (PROJECT / "README.md").read_text()

DOCUMENTS = [PROJECT / "README.md", PROJECT / "CHANGELOG.md", *sorted((PROJECT / "docs").rglob("*.md"))]
NAMES_OF_TESTS = {
    name
    for file in (PROJECT / "tests").rglob("test_*.py")
    for name in re.findall(r"^ *def (test_\w+)\(", file.read_text(), re.M)
}
WORDS = {2: "two", 10: "ten"}

HOURS_OF_A_MONTH = 730
NODE_AN_HOUR = {"cache.t4g.micro": 0.016}
KEY, SECRET, ALARM = 1.00, 0.40, 0.10
GB_SECOND, INVOCATION, READ = 0.0000133334, 0.20e-6, 0.125e-6
"""Prices in US dollars in us-east-1, from the services' price lists of November 2026. A node is per hour. A key, a
secret and an alarm are per month. The last line has a function on arm64, and a read of a table."""
SECONDS_OF_A_RUN = 1
"""An assumption about the functions that a schedule starts. Their few queries take less; a cold start may take more."""
QUERIES_OF_A_RUN = len({SCHEDULED, SENDING, *OVER})
"""`SettleLostReminders` queries the reminders of all these statuses. An empty answer costs at most one read."""
EMPTY_RECEIVES, RECEIVE = 5 * 3 * 60 * HOURS_OF_A_MONTH, 0.40e-6
"""Lambda asks a queue in five threads, and SQS answers after 20 seconds if there is no message:
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html. The price is for one request."""

COSTS = {
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::KMS::Key",
    "AWS::SecretsManager::Secret",
    "AWS::CloudWatch::Alarm",
}
"""Resources that cost something while nobody uses them. README's table has a line for each."""

FREE_SERVICES = {
    *("ApiGateway", "CloudFront", "Cognito", "DynamoDB", "Events", "IAM", "Lambda", "Logs", "PublishedSite"),
    *("S3", "SES", "SNS", "SQS", "SSM", "StepFunctions"),
}
FREE_TYPES = {
    *("AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::EC2::RouteTable", "AWS::EC2::SubnetRouteTableAssociation"),
    *("AWS::EC2::SecurityGroup", "AWS::ElastiCache::SubnetGroup", "AWS::ElastiCache::User"),
    "AWS::ElastiCache::UserGroup",
    "AWS::EC2::VPCEndpoint",  # test_cache.py: only gateways, which are free.
}
"""Resources that cost nothing while nobody uses them."""


def anchor(heading: str) -> str:
    """The anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def sections() -> dict[str, str]:
    """The text of each section about an alarm, by its anchor."""
    parts = re.split(r"^#{2,3} (.*)$", OPERATIONS, flags=re.M)[1:]
    return {anchor(heading): text for heading, text in zip(parts[::2], parts[1::2], strict=True) if ":" in heading}


def alarms(deployment) -> dict[str, str]:
    """The description of each alarm, by the anchor of its section."""
    found = {}
    for path, alarm in deployment.properties("AWS::CloudWatch::Alarm").items():
        stack, *_, name = path.split("/")
        found[anchor(f"{stack}: {name}")] = alarm["AlarmDescription"]
    return found


def test_every_alarm_has_its_section_and_every_section_its_alarm(synthesised):
    """A section's heading has the stack and the alarm's id: `### Orders: Parked`. README has the alarms' price."""
    deployed, described = alarms(synthesised("dev")), sections()
    price = f"| {len(deployed)} alarms at {ALARM:.2f} | {len(deployed) * ALARM:.2f} |"

    wrong = [
        *(
            f"docs/operations.md: add #{one} with a heading like '### Orders: Parked'. Its alarm says: {deployed[one]}"
            for one in deployed
            if one not in described
        ),
        *(f"docs/operations.md: take out #{one}: it has no alarm" for one in described if one not in deployed),
        *([f"README.md: the line of the alarms should be {price}"] if price not in README else []),
    ]
    assert not wrong, "\n".join(["", *wrong])


def test_every_alarm_names_its_section(deployment):
    for section, description in alarms(deployment).items():
        assert re.fullmatch(rf"[A-Z].+\. What to do: docs/operations\.md#{section}", description)


@pytest.mark.parametrize("section", sections())
def test_every_section_says_what_the_alarm_means_where_to_look_and_what_to_do(section):
    assert re.findall(r"^- \*\*(\w+)\*\*: \S", sections()[section], re.M) == ["Means", "Look", "Do"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_file_and_test_that_is_named_exists(document):
    """Paths begin in the project, or in `lambdas/`."""
    text = document.read_text()
    files = set(re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|js|json|md|css|html|txt|toml|asl\.json))`", text))
    missing = {file for file in files if not any((root / file).exists() for root in (PROJECT, PROJECT / "lambdas"))}
    tests = set(re.findall(r"`(test_\w+)`", text))

    assert missing == set()
    assert tests <= NAMES_OF_TESTS


# Numbers that a document repeats, and where they come from.


def seconds_of(workflow: str) -> int:
    return json.loads((PROJECT / "statemachines" / f"{workflow}.asl.json").read_text())["TimeoutSeconds"]


def of_code(file: str, pattern: str) -> int:
    """A number in a module of `lambdas/`, which cannot be imported without the settings of its function."""
    [number] = re.findall(pattern, (PROJECT / "lambdas" / file).read_text(), re.M)
    return int(number)


PORTS = {field.name: field.default for field in fields(Settings) if "port" in field.name}
PACKAGES = json.loads((PROJECT / "package.json").read_text())["devDependencies"]
LOST_AFTER = of_code("orders/looks.py", r"^OVERDUE = timedelta\(minutes=([0-9]+)\)")
LATE_AFTER = of_code("reminders/settle_lost_reminders.py", r"SCHEDULED: timedelta\(minutes=([0-9]+)\)")
SENDING_UNTIL = of_code("reminders/settle_lost_reminders.py", r"SENDING: timedelta\(minutes=([0-9]+)\)")
WORKS_SECONDS = of_code("reminders/settle_lost_reminders.py", "^WORKS_SECONDS = ([0-9]+)")
AT_MOST_PARKED = of_code("orders/table.py", "^BATCH = ([0-9]+)")
HELD_SECONDS = of_code("common/queues.py", "^HELD_SECONDS = ([0-9]+)")
FACTS = [
    ("operations.md", f"longer than its limit of {seconds_of('order_fulfillment')} seconds"),
    ("operations.md", f"have been `RECEIVED` for more than {WORDS[LOST_AFTER]} minutes"),
    ("operations.md", f"`SCHEDULED` {LATE_AFTER} minutes after they were due"),
    ("operations.md", f"still `SENDING` after {SENDING_UNTIL}."),
    ("operations.md", f"one run works for {WORKS_SECONDS} seconds"),
    ("operations.md", f"(`hours_reminders_may_be_late`, {DEV.hours_reminders_may_be_late})"),
    ("operations.md", f"reads at most {AT_MOST_PARKED} messages"),
    ("operations.md", f"most {WORDS[HELD_SECONDS // 60]} minutes"),
    ("architecture.md", f"`budget_ms` ({CacheSettings(node_type='', encrypted_in_transit=True).budget_ms})"),
    ("local.md", f"Ports are {PORTS['port']} for the engine and {PORTS['redis_port']} for the cache"),
    ("local.md", f"AWS_ENDPOINT_URL=http://127.0.0.1:{PORTS['port']} "),
    ("redis.md", f"redis@{PACKAGES['redis']}"),
    ("../README.md", f"| 2 cache nodes `{DEV.cache.node_type}` (`dev`)"),
]


@pytest.mark.parametrize(("document", "fact"), FACTS, ids=[fact for _, fact in FACTS])
def test_a_number_in_a_document_equals_the_number_in_the_code(document, fact):
    assert fact in " ".join((PROJECT / "docs" / document).read_text().split())


def test_readme_and_make_require_the_same_python():
    asked = re.search(r"You need Python (\d+)\.(\d+) or newer", README)
    checked = re.search(r"sys\.version_info < \((\d+), (\d+)\)", (PROJECT / "Makefile").read_text())

    assert asked and checked and asked.groups() == checked.groups()


def test_the_price_in_the_text_is_the_sum_of_the_table(synthesised):
    rows = [re.findall(r"\| ([0-9.]+)", line)[-1] for line in costs(synthesised("dev"))]
    cache, *others = (float(price) for price in rows)
    text = " ".join((PROJECT / "docs" / "deploying.md").read_text().split())

    assert f"| `dev`, idle | about {cache + sum(others):.0f} a month" in text
    least, most = re.search(r"`CACHE=off`, idle \| (\d) to (\d) a month", text).groups()
    # Without the cache there is one alarm less. The key's price grows with its first rotations.
    assert int(least) <= sum(others) - ALARM and sum(others) + KEY - ALARM <= int(most) + 1


def test_every_stack_is_named_where_the_stacks_are_explained():
    text = (PROJECT / "docs" / "architecture.md").read_text() + (PROJECT / "docs" / "deploying.md").read_text()

    assert [stack for stack in STACKS if f"`{stack}`" not in text] == []


def costs(deployment) -> list[str]:
    """The lines of README's table, computed from the templates."""
    group = deployment.only("AWS::ElastiCache::ReplicationGroup")
    nodes, node = group["NumCacheClusters"], group["CacheNodeType"]
    keys, secrets, alarms = (
        len(deployment.resources(type))
        for type in ("AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::CloudWatch::Alarm")
    )
    hour = NODE_AN_HOUR[node]
    rotations = f"each of the key's first two yearly rotations adds {keys * KEY:.2f}"
    swept = swept_every_five_minutes(deployment)
    memory = sum(function["MemorySize"] for function in swept) / 1024
    run = memory * SECONDS_OF_A_RUN * GB_SECOND + len(swept) * INVOCATION + QUERIES_OF_A_RUN * READ
    runs = 12 * HOURS_OF_A_MONTH
    queues = len(read_queues(deployment))
    return [
        f"| {nodes} cache nodes `{node}` (`dev`) at {hour} an hour | {nodes * hour * HOURS_OF_A_MONTH:.2f} |",
        f"| {keys} key at {KEY:.2f}, which encrypts the inputs of order executions | {keys * KEY:.2f} ({rotations}) |",
        f"| {secrets} secret at {SECRET:.2f}, which keys the digests of orders | {secrets * SECRET:.2f} |",
        f"| {alarms} alarms at {ALARM:.2f} | {alarms * ALARM:.2f} |",
        f"| {len(swept)} function that looks for lost reminders, every five minutes, for one second each time | "
        f"{runs * run:.2f} |",
        f"| {queues} queues that functions read, {EMPTY_RECEIVES:,} empty answers each at 0.40 a million | "
        f"{queues * EMPTY_RECEIVES * RECEIVE:.2f} |",
        "| everything else: nothing while idle | 0.00 |",
    ]


def swept_every_five_minutes(deployment) -> list[dict[str, Any]]:
    """The functions that a schedule starts every five minutes."""
    targets = {
        deployment.named(path.partition("/")[0], rule["Targets"][0]["Arn"]).removesuffix(".Arn")
        for path, rule in deployment.properties("AWS::Events::Rule").items()
        if rule.get("ScheduleExpression") == "rate(5 minutes)"
    }
    return [deployment.properties("AWS::Lambda::Function")[path] for path in targets]


def read_queues(deployment) -> list[str]:
    """The queues that functions read."""
    sources = [
        deployment.named(path.partition("/")[0], mapping["EventSourceArn"])
        for path, mapping in deployment.properties("AWS::Lambda::EventSourceMapping").items()
    ]
    return [source for source in sources if not source.endswith(".StreamArn")]


def test_readme_has_the_costs_of_the_templates(synthesised):
    """The failure shows the lines that README should have."""
    table = README.partition("| | USD |\n|---|---|\n")[2].partition("\n\n")[0]

    # The line of the alarms is checked together with their sections.
    assert [line for line in table.splitlines() if " alarms at " not in line] == [
        line for line in costs(synthesised("dev")) if " alarms at " not in line
    ]


def test_every_resource_costs_nothing_while_idle_or_has_its_line_in_readme(deployment):
    """Add a new type to FREE_SERVICES or FREE_TYPES, or to COSTS and to README's table."""
    types = {resource["Type"] for resource in deployment.resources().values()}

    assert {type for type in types - COSTS - FREE_TYPES if type.split("::")[1] not in FREE_SERVICES} == set()
