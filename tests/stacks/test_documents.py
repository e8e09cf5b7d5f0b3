"""The documents agree with the templates of the stacks."""

import re
from typing import Any

import pytest

from local.settings import PROJECT
from reminders.reminder import OVER, SCHEDULED, SENDING

OPERATIONS = (PROJECT / "docs" / "operations.md").read_text()
README = (PROJECT / "README.md").read_text()

HOURS_OF_A_MONTH = 730
NODE_AN_HOUR = {"cache.t4g.micro": 0.016}
KEY, SECRET, ALARM = 1.00, 0.40, 0.10
GB_SECOND, INVOCATION, READ = 0.0000133334, 0.20e-6, 0.125e-6
"""US dollars in us-east-1: an hour for a node, a month for a key, a secret and an alarm, and the price of a function on
arm64 and of a table's read. From the services' price lists, November 2026."""
SECONDS_OF_A_RUN = 1
"""An assumption about the functions that a clock invokes. Their few queries take less, a cold start may take more."""
QUERIES_OF_A_RUN = 1 + len({SCHEDULED, SENDING, *OVER})
"""`ParkLostOrders` reads the orders of one status, and `SettleLostReminders` the reminders of all these.

A query that finds nothing costs at most one read.
"""

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
    """A section is `### Orders: Parked`: the stack, and the id that the alarm is given."""
    assert sections().keys() == alarms(synthesised("dev")).keys()


def test_every_alarm_names_its_section(deployment):
    for section, description in alarms(deployment).items():
        assert re.fullmatch(rf"[A-Z].+\. What to do: docs/operations\.md#{section}", description)


@pytest.mark.parametrize("section", sections())
def test_every_section_tells_what_the_alarm_means_where_to_look_and_what_to_do(section):
    assert re.findall(r"^- \*\*(\w+)\*\*: \S", sections()[section], re.M) == ["Means", "Look", "Do"]


def test_every_link_within_the_page_leads_to_a_heading():
    headings = {anchor(heading) for heading in re.findall("^#+ (.*)$", OPERATIONS, re.M)}

    assert set(re.findall(r"\]\(#([^)]*)\)", OPERATIONS)) <= headings


def costs(deployment) -> list[str]:
    """The lines of README's table, as the templates have them."""
    group = deployment.only("AWS::ElastiCache::ReplicationGroup")
    nodes, node = group["NumCacheClusters"], group["CacheNodeType"]
    keys, secrets, alarms = (
        len(deployment.resources(type))
        for type in ("AWS::KMS::Key", "AWS::SecretsManager::Secret", "AWS::CloudWatch::Alarm")
    )
    hour = NODE_AN_HOUR[node]
    rotations = f"and {keys * KEY:.2f} more after each of its first two yearly rotations"
    swept = swept_every_five_minutes(deployment)
    memory = sum(function["MemorySize"] for function in swept) / 1024
    run = memory * SECONDS_OF_A_RUN * GB_SECOND + len(swept) * INVOCATION + QUERIES_OF_A_RUN * READ
    runs = 12 * HOURS_OF_A_MONTH
    return [
        f"| {nodes} cache nodes `{node}` (`dev`) at {hour} an hour | {nodes * hour * HOURS_OF_A_MONTH:.2f} |",
        f"| {keys} key at {KEY:.2f}, which encrypts the order workflow | {keys * KEY:.2f}, {rotations} |",
        f"| {secrets} secret at {SECRET:.2f}, which keys the digests of orders | {secrets * SECRET:.2f} |",
        f"| {alarms} alarms at {ALARM:.2f} | {alarms * ALARM:.2f} |",
        f"| {len(swept)} functions that look for lost orders and reminders every five minutes, if a run takes a second "
        f"| {runs * run:.2f} |",
        "| everything else: nothing while idle | 0.00 |",
    ]


def swept_every_five_minutes(deployment) -> list[dict[str, Any]]:
    """The functions that a clock invokes every five minutes."""
    targets = {
        deployment.named(path.partition("/")[0], rule["Targets"][0]["Arn"]).removesuffix(".Arn")
        for path, rule in deployment.properties("AWS::Events::Rule").items()
        if rule.get("ScheduleExpression") == "rate(5 minutes)"
    }
    return [deployment.properties("AWS::Lambda::Function")[path] for path in targets]


def test_readme_has_the_costs_of_the_templates(synthesised):
    """The failure shows the lines that README should have."""
    table = README.partition("| | USD |\n|---|---|\n")[2].partition("\n\n")[0]

    assert table.splitlines() == costs(synthesised("dev"))


def test_every_resource_costs_nothing_while_idle_or_has_its_line_in_readme(deployment):
    """Add a new type to FREE_SERVICES or FREE_TYPES, or to COSTS and to README's table."""
    types = {resource["Type"] for resource in deployment.resources().values()}

    assert {type for type in types - COSTS - FREE_TYPES if type.split("::")[1] not in FREE_SERVICES} == set()
