"""The documents agree with the templates of the stacks."""

import json
import re
from dataclasses import fields, replace

import pytest

from costs import prices
from local.settings import PROJECT, Settings
from stacks.config import DEV
from stacks.names import STACKS
from stacks.stage import CacheSettings
from tests.support.templates.deployment import synthesise_stage
from tools.cost import templates

RUNBOOK = (PROJECT / "docs" / "runbook.md").read_text()
README = (PROJECT / "README.md").read_text()

DOCUMENTS = [PROJECT / "README.md", PROJECT / "CHANGELOG.md", *sorted((PROJECT / "docs").rglob("*.md"))]
NAMES_OF_TESTS = {
    name
    for file in (PROJECT / "tests").rglob("test_*.py")
    for name in re.findall(r"^ *def (test_\w+)\(", file.read_text(), re.M)
}
WORDS = {2: "two", 10: "ten"}

COSTS = {
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::KMS::Key",
    "AWS::SecretsManager::Secret",
    "AWS::CloudWatch::Alarm",
    "AWS::CloudWatch::CompositeAlarm",
    "AWS::CloudWatch::Dashboard",
}
"""Resources that cost something while nobody uses them. `tools/cost/templates.py` has a line for each."""

FREE_SERVICES = {
    *("ApiGateway", "Budgets", "CloudFront", "Cognito", "DynamoDB", "Events", "IAM", "Lambda", "Logs", "PublishedSite"),
    *("S3", "SES", "SNS", "SQS", "SSM", "StepFunctions", "XRay"),
    # For functions: https://aws.amazon.com/codedeploy/pricing/
    "CodeDeploy",
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
    parts = re.split(r"^#{2,3} (.*)$", RUNBOOK, flags=re.M)[1:]
    return {anchor(heading): text for heading, text in zip(parts[::2], parts[1::2], strict=True) if ":" in heading}


def told(deployment) -> dict[str, str]:
    """The messages that name a section of the runbook, by the path of what sends them."""
    alarms = deployment.properties("AWS::CloudWatch::Alarm") | deployment.properties("AWS::CloudWatch::CompositeAlarm")
    messages = {path: alarm["AlarmDescription"] for path, alarm in alarms.items()}
    for path, rule in deployment.properties("AWS::Events::Rule").items():
        texts = [target.get("InputTransformer", {}).get("InputTemplate", "") for target in rule["Targets"]]
        messages.update((path, json.loads(text)) for text in texts if "runbook" in text)
    return messages


WITHOUT_A_MESSAGE_OF_OURS = {"orders-budget"}
"""AWS Budgets writes the text of this one."""


def test_every_alarm_has_its_section_and_every_section_its_alarm(synthesised):
    """A section's heading has the stack and the alarm's id: `## Orders: Parked`."""
    named = {message.rpartition("#")[2]: message for message in told(synthesised("dev")).values()}
    described = sections()

    wrong = [
        *(
            f"docs/runbook.md: add #{one} with a heading like '## Orders: Parked'. Its alarm says: {named[one]}"
            for one in named
            if one not in described
        ),
        *(
            f"docs/runbook.md: take out #{one}: it has no alarm"
            for one in described.keys() - named.keys() - WITHOUT_A_MESSAGE_OF_OURS
        ),
    ]
    assert not wrong, "\n".join(["", *wrong])


def test_every_alarms_message_says_what_happened_and_ends_with_the_link_to_its_section(deployment):
    url = re.escape(deployment.stage.runbook_url)
    for path, message in told(deployment).items():
        stack = path.partition("/")[0].lower()
        assert re.fullmatch(rf"\S.+\. What to do: {url}#{stack}-[a-z]+", message), path


@pytest.mark.long
def test_a_stage_may_keep_its_runbook_elsewhere(synthesised, tmp_path):
    there = replace(DEV, runbook_url="https://wiki.example.com/Runbook", cache=None)
    found = told(synthesise_stage(tmp_path, there))

    assert found["Orders/OrderAlarms/Parked"].endswith(" What to do: https://wiki.example.com/Runbook#orders-parked")


@pytest.mark.parametrize("section", sections())
def test_every_section_says_what_the_alarm_means_where_to_look_and_what_to_do(section):
    assert re.findall(r"^- \*\*(\w+)\*\*: \S", sections()[section], re.M) == ["Means", "Look", "Do"]


def test_every_saved_query_of_a_section_is_in_the_table_of_queries():
    table = set(re.findall(r"\*\*`([a-z ]+)`\*\*", RUNBOOK.partition("## All alarms")[0]))
    used = {name for text in sections().values() for name in re.findall(r"\*\*`([a-z ]+)`\*\*", text)}

    assert used and used <= table


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
LATE_AFTER = of_code("sweep/settle_lost_reminders.py", r"SCHEDULED: timedelta\(minutes=([0-9]+)\)")
SENDING_UNTIL = of_code("sweep/settle_lost_reminders.py", r"SENDING: timedelta\(minutes=([0-9]+)\)")
WORKS_SECONDS = of_code("sweep/settle_lost_reminders.py", "^WORKS_SECONDS = ([0-9]+)")
AT_MOST_PARKED = of_code("orders/table.py", "^BATCH = ([0-9]+)")
HELD_SECONDS = of_code("common/queues.py", "^HELD_SECONDS = ([0-9]+)")
FACTS = [
    ("runbook.md", f"longer than its limit of {seconds_of('order_fulfillment')} seconds"),
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
]


@pytest.mark.parametrize(("document", "fact"), FACTS, ids=[fact for _, fact in FACTS])
def test_a_number_in_a_document_equals_the_number_in_the_code(document, fact):
    assert fact in " ".join((PROJECT / "docs" / document).read_text().split())


def test_readme_and_make_require_the_same_python():
    asked = re.search(r"You need Python (\d+)\.(\d+) or newer", README)
    checked = re.search(r"sys\.version_info < \((\d+), (\d+)\)", (PROJECT / "Makefile").read_text())

    assert asked and checked and asked.groups() == checked.groups()


def test_the_prices_in_the_text_are_those_of_the_tool(synthesised):
    text = " ".join((PROJECT / "docs" / "deploying.md").read_text().split())
    of = {name: templates.idle(synthesised(name).templates) for name in ("dev", "prod", "dev without cache")}
    dev, prod, without = (sum(line.usd for line in lines) for lines in of.values())

    assert f"| `dev`, idle | about {dev:.0f} a month" in text
    assert f"| `prod`, idle | about {prod:.0f} a month" in text
    # The key's price grows with its first two rotations.
    least, most = re.search(r"`CACHE=off`, idle \| (\d+) to (\d+) a month", text).groups()
    assert int(least) <= without and without + 2 * prices.usd("idle.key_month", 1) <= int(most) + 1


def test_every_stack_is_named_where_the_stacks_are_explained():
    text = (PROJECT / "docs" / "architecture.md").read_text() + (PROJECT / "docs" / "deploying.md").read_text()

    assert [stack for stack in STACKS if f"`{stack}`" not in text] == []


def test_every_resource_costs_nothing_while_idle_or_has_its_price(deployment):
    """Add a new type to FREE_SERVICES or FREE_TYPES, or to COSTS and to `idle` in `tools/cost/templates.py`."""
    types = {resource["Type"] for resource in deployment.resources().values()}

    assert {type for type in types - COSTS - FREE_TYPES if type.split("::")[1] not in FREE_SERVICES} == set()
