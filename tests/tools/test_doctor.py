"""The doctor on a simulated AWS: its finding and its advice for each answer of AWS."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from local.settings import PROJECT
from stacks.config import STAGES
from tests.support.aws_answers import code_of
from tests.support.commands import Command, run_inside
from tests.support.doctor import AWS, ROLE, STAGE, TOPIC, Aws, attributes_of_queue, examined, stack, tags
from tests.support.orders_stack import REGION
from tools import deployment
from tools.doctor import report
from tools.doctor.__main__ import main
from tools.doctor.checks import examine
from tools.doctor.target import Target
from tools.errors import LAPTOP


@pytest.fixture
def aws() -> Iterator[Aws]:
    with examined() as aws:
        yield aws


def test_a_stage_without_problems_needs_no_advice(aws: Aws) -> None:
    findings = aws.findings()

    assert {name: finding.state for name, finding in findings.items()} == dict.fromkeys(
        [
            *["credentials", "bootstrap", "stack names"],
            *["sender", "settings", "topic's parameter", "sender in SES", "SES"],
            *["mails per second", "texts per second", "topic per second", "waiting reminders"],
            *["SMS", "SMS spending", "SMS numbers", "SMS reports", "Lambda", "load", "API Gateway's role", "operators"],
            *["alarms", "runbook"],
            *["stack dev-api-logs", "stack dev-identity", "stack dev-cache", "stack dev-orders", "stack dev-reminders"],
            "stack dev-account",
            "stack dev-website",
        ],
        "ok",
    )
    assert {finding.advice for finding in findings.values()} == {""}
    assert findings["credentials"].found == "arn:aws:iam::123456789012:user/ann in us-east-1"
    assert findings["sender in SES"].found == "our-cats.org is verified"
    assert findings["SES"].found == "7 of 50000 mails sent in 24 hours"
    assert findings["mails per second"].found == "the stage sends 14 mails a second; SES accepts 14"
    assert findings["operators"].found == "1 operator can handle escalations"
    assert findings["SMS spending"].found == "1.25 of 20.00 USD spent this month"


def test_a_stage_that_is_not_deployed_yet_has_no_problem(aws: Aws) -> None:
    aws.undeploy()
    aws.answers |= {
        "GetParameter": "ParameterNotFound",
        "GetIdentityVerificationAttributes": {"VerificationAttributes": {}},
        "GetAccount": {key: value for key, value in aws.answers["GetAccount"].items() if key != "cloudwatchRoleArn"},
    }

    findings = aws.findings()

    assert "problem" not in {finding.state for finding in findings.values()}
    assert findings["topic's parameter"].found == "the name notifyme-dev is free"
    assert findings["sender in SES"].advice == "deploy, then open the link that SES mails to it"
    assert findings["API Gateway's role"].found == "not set yet; deploying sets it"
    assert findings["operators"].found == "no user pool yet; deploying creates it"
    assert findings["stack dev-orders"][1:] == ("unknown", "not deployed", "make deploy STAGE=dev")


@pytest.mark.parametrize(
    ("operation", "answer", "check", "state", "advice"),
    [
        ("GetParameter", {"Parameter": {"Value": "arn:another"}}, "topic's parameter", "problem", "its own"),
        ("GetParameter", "ParameterNotFound", "topic's parameter", "problem", f"with the value {TOPIC}"),
        (
            "GetIdentityVerificationAttributes",
            {"VerificationAttributes": {STAGE.sender: {"VerificationStatus": "Pending"}}},
            "sender in SES",
            "problem",
            "open the link that SES mailed",
        ),
        ("GetAccount", {"SendingEnabled": False, "cloudwatchRoleArn": ROLE}, "SES", "problem", "Account dashboard"),
        ("GetAccount", {"ProductionAccessEnabled": False}, "SES", "limited", "request production access"),
        (
            "GetAccount",
            {"SendQuota": {"SentLast24Hours": 160.0, "Max24HourSend": 200.0}},
            "SES",
            "limited",
            "wait in their queue",
        ),
        (
            "GetAccount",
            {"SendQuota": {"MaxSendRate": 1.0}},
            "mails per second",
            "limited",
            "set mails_per_second of the stage dev to 1 or less, or request a higher sending rate",
        ),
        ("GetAccount", {}, "mails per second", "unknown", ""),
        ("GetSMSSandboxAccountStatus", {"IsInSandbox": True}, "SMS", "limited", "exit the sandbox"),
        ("GetSMSAttributes", {"attributes": {}}, "SMS spending", "problem", "raise the limit"),
        ("GetSMSAttributes", {"attributes": {"MonthlySpendLimit": "0"}}, "SMS spending", "problem", "raise the limit"),
        ("GetSMSAttributes", {"attributes": {}}, "SMS reports", "limited", "set-sms-attributes --attributes Delivery"),
        (
            "DescribeSubscriptionFilters",
            {"subscriptionFilters": []},
            "SMS reports",
            "limited",
            "put-subscription-filter",
        ),
        ("DescribeSubscriptionFilters", "ResourceNotFoundException", "SMS reports", "limited", "create-log-group"),
        ("ListOriginationNumbers", {"PhoneNumbers": []}, "SMS numbers", "limited", "get a number"),
        ("GetAccountSettings", {"AccountLimit": {"ConcurrentExecutions": 10}}, "Lambda", "limited", "Service Quotas"),
        ("GetAccount", {}, "API Gateway's role", "problem", "the role of the stack dev-api-logs"),
        (
            "ListUsersInGroup",
            {"Users": []},
            "operators",
            "limited",
            "admin-add-user-to-group --user-pool-id us-east-1_pool",
        ),
        ("ListUsersInGroup", {"Users": [{"Enabled": False}]}, "operators", "limited", "sign up on the page"),
        ("ListUsersInGroup", "ResourceNotFoundException", "operators", "problem", "deploy the identity stack again"),
        (
            "GetTopicAttributes",
            {"Attributes": {"SubscriptionsConfirmed": "0"}},
            "alarms",
            "limited",
            "aws sns subscribe --topic-arn arn:aws:sns:us-east-1:123456789012:alarms",
        ),
        ("GetRole", "NoSuchEntity", "API Gateway's role", "problem", "the role of the stack dev-api-logs"),
    ],
)
def test_each_problem_or_limit_has_advice(
    operation: str, answer: Any, check: str, state: str, advice: str, aws: Aws
) -> None:
    aws.answers[operation] = answer

    finding = aws.findings()[check]

    assert finding.state == state
    assert advice in finding.advice


@pytest.mark.parametrize(
    ("rates", "check", "state", "found"),
    [
        ({"mails_per_second": 50}, "mails per second", "limited", "sends 50 mails a second; SES accepts 14, so it"),
        ({"mails_per_second": 0.5}, "mails per second", "ok", "sends 0.5 mails a second; SES accepts 14"),
        ({"texts_per_second": 100}, "texts per second", "limited", "SNS sends 20 unless AWS has raised it"),
        ({"publishes_per_second": 10}, "topic per second", "ok", "publishes 10 reminders a second"),
        ({"publishes_per_second": 11}, "topic per second", "problem", "switches off the 1 e-mail subscriptions"),
    ],
)
def test_the_rates_of_the_stage_are_compared_with_the_accounts(
    rates: dict[str, Any], check: str, state: str, found: str, aws: Aws
) -> None:
    finding = aws.findings(**rates)[check]

    assert finding.state == state
    assert found in finding.found


@pytest.mark.parametrize(
    ("messages", "state", "found"),
    [
        (0, "ok", "no reminder that is due waits"),
        (1000, "ok", "1000 reminders are due and wait to be sent; at the stage's rates this takes 72 seconds"),
        (10_000, "ok", "this takes 12 minutes"),
        (60_000, "limited", "this takes 72 minutes"),
    ],
)
def test_the_reminders_that_wait_to_be_sent_are_counted(messages: int, state: str, found: str, aws: Aws) -> None:
    aws.answers["GetQueueAttributes"] = {"Attributes": attributes_of_queue(messages)}

    finding = aws.findings()["waiting reminders"]

    assert (finding.state, bool(finding.advice)) == (state, state == "limited")
    assert found in finding.found


def test_a_topic_without_subscriptions_by_email_may_be_fast(aws: Aws) -> None:
    aws.answers["ListSubscriptionsByTopic"] = {"Subscriptions": [{"Protocol": "sqs"}]}

    assert aws.findings(publishes_per_second=300)["topic per second"].state == "ok"


def test_an_account_without_a_daily_quota_is_not_nearly_spent(aws: Aws) -> None:
    aws.answers["GetAccount"] = {"SendQuota": {"SentLast24Hours": 9.0, "Max24HourSend": -1.0}}

    assert aws.findings()["SES"][1:3] == ("ok", "9 mails sent in 24 hours")


@pytest.mark.parametrize(
    ("toolkit", "state"),
    [
        (None, "problem"),
        (stack(BootstrapVersion="5"), "problem"),
        (stack("UPDATE_ROLLBACK_FAILED", BootstrapVersion="33"), "problem"),
        (stack("UPDATE_IN_PROGRESS", BootstrapVersion="33"), "unknown"),
        (stack(), "unknown"),
        (stack(BootstrapVersion="6"), "ok"),
    ],
)
def test_the_bootstrap_stack_must_have_the_version_that_the_templates_need(toolkit: Any, state: str, aws: Aws) -> None:
    del aws.stacks["CDKToolkit"]
    if toolkit:
        aws.stacks["CDKToolkit"] = toolkit

    finding = aws.findings()["bootstrap"]

    assert finding.state == state
    assert (finding.advice == "make bootstrap STAGE=dev") == (state != "ok")


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("UPDATE_ROLLBACK_COMPLETE", "ok"),
        ("IMPORT_COMPLETE", "ok"),
        ("ROLLBACK_COMPLETE", "problem"),
        ("CREATE_FAILED", "problem"),
        ("DELETE_FAILED", "problem"),
        ("UPDATE_ROLLBACK_FAILED", "problem"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "unknown"),
        ("REVIEW_IN_PROGRESS", "unknown"),
    ],
)
def test_a_stack_that_failed_or_is_changing_is_reported(status: str, state: str, aws: Aws) -> None:
    aws.stacks["dev-orders"] = stack(status)

    finding = aws.findings()["stack dev-orders"]

    assert (finding.state, finding.found) == (state, status)
    assert bool(finding.advice) == (state != "ok")


def test_an_old_stage_without_a_user_pool_has_to_be_deployed_again(aws: Aws) -> None:
    del aws.stacks["dev-identity"]

    finding = aws.findings()["operators"]

    assert (finding.state, finding.advice) == ("problem", "make deploy STAGE=dev")
    assert finding.found == "there is no stack dev-identity, so nobody can sign in"


@pytest.mark.parametrize("name", ["dev-cache", "dev-fulfillment"])
def test_an_optional_stack_is_examined_if_it_exists(name: str, aws: Aws) -> None:
    aws.stacks |= {"dev-cache": stack("UPDATE_ROLLBACK_FAILED"), "dev-fulfillment": stack("ROLLBACK_FAILED")}

    assert aws.findings()[f"stack {name}"].state == "problem"

    del aws.stacks["dev-cache"], aws.stacks["dev-fulfillment"]
    aws.switch_the_cache_off()
    assert f"stack {name}" not in aws.findings()


@pytest.mark.parametrize(("said", "missed"), [({}, False), ({"CACHE"}, True)])
def test_the_cache_of_a_stage_without_one_is_examined_only_if_the_user_wants_it(
    said: set[str], missed: bool, aws: Aws
) -> None:
    aws.switch_the_cache_off()
    del aws.stacks["dev-cache"]

    checks = {finding.check for finding in examine(Target(STAGE, AWS, said=said))}

    assert ("stack dev-cache" in checks) is missed


def test_a_cache_that_was_switched_off_costs_money_until_it_is_destroyed(aws: Aws) -> None:
    aws.switch_the_cache_off()

    finding = aws.findings()["stack dev-cache"]

    assert finding.state == "limited"
    assert finding.found == "an earlier deployment left this stack behind, and it costs money"
    assert finding.advice == "after deploying with CACHE=off: cdk destroy Cache --exclusively -c stage=dev"


@pytest.mark.parametrize(
    ("deployed", "said", "advice"),
    [
        ({"cache": "off"}, {}, f"make deploy STAGE=dev SENDER={STAGE.sender} CACHE=off"),
        ({"cache": "off"}, {"sender": STAGE.sender}, f"make deploy STAGE=dev SENDER={STAGE.sender} CACHE=off"),
        ({"cache": "off"}, {"sender": STAGE.sender, "cache": "off"}, None),
        ({"cache": "off"}, {"sender": STAGE.sender, "cache": "on"}, None),
        ({"consumer": "on"}, {"sender": STAGE.sender}, f"make deploy STAGE=dev SENDER={STAGE.sender} CONSUMER=on"),
        ({"consumer": "on"}, {"sender": STAGE.sender, "consumer": "off"}, None),
        ({}, {"sender": STAGE.sender, "consumer": "on"}, None),
        ({}, {"sender": STAGE.sender}, None),
        ({}, {"sender": STAGE.sender, "cache": "off"}, None),
        ({}, {}, f"make deploy STAGE=dev SENDER={STAGE.sender}"),
        ({}, {"consumer": "on"}, f"make deploy STAGE=dev CONSUMER=on SENDER={STAGE.sender}"),
    ],
)
def test_a_setting_of_the_last_deployment_has_to_be_repeated(
    deployed: dict[str, str], said: dict[str, str], advice: str | None, aws: Aws
) -> None:
    if deployed.get("cache") == "off":
        aws.switch_the_cache_off()
    if deployed.get("consumer") == "on":
        aws.stacks["dev-fulfillment"] = stack()

    problems = aws.problems(**said)

    assert problems.keys() == ({"settings"} if advice else set())
    if advice:
        assert problems["settings"] == f"repeat it, or give another value: {advice}"


def test_unless_deploying_a_setting_of_the_last_deployment_is_accepted(aws: Aws) -> None:
    aws.switch_the_cache_off()

    finding = aws.findings(sender="reminders-dev@example.com")["settings"]

    assert (finding.state, finding.advice) == ("ok", "")
    assert finding.found == f"repeat SENDER={STAGE.sender} CACHE=off in each deployment"


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_a_stage_that_failed_to_deploy_has_no_settings_to_repeat(status: str, aws: Aws) -> None:
    aws.undeploy()
    aws.stacks["dev-orders"] = stack(status)
    aws.answers["GetParameter"] = "ParameterNotFound"

    assert aws.problems(sender=STAGE.sender) == {}


def test_before_deploying_sentences_report_the_problems_or_that_there_are_none(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in (deployment, report):
        monkeypatch.setattr(module, "reach", lambda *_, **__: AWS)
    stopped = main(["--stage", "dev", "--deploying", "--consumer", "on"])
    told = capsys.readouterr().out
    goes_on = main(["--stage", "dev", "--deploying", "--sender", STAGE.sender])

    assert (stopped, goes_on) == (1, 0)
    assert told == (
        f"settings  problem  the last deployment had SENDER={STAGE.sender}, and this one leaves it out\n"
        f"{'':19}-> repeat it, or give another value: make deploy STAGE=dev CONSUMER=on SENDER={STAGE.sender}\n"
        "\nTo deploy all the same, add to the command: ALLOW=settings\n"
    )
    assert capsys.readouterr().out == f"no problem found that would stop a deployment of dev in {REGION}\n"


@pytest.fixture
def deploying(aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the doctor as `make deploy` does."""
    for module in (deployment, report):
        monkeypatch.setattr(module, "reach", lambda *_, **__: AWS)
    return lambda *options: run_inside(capsys, main, ["--stage", "dev", "--deploying", *options])


def test_a_problem_that_is_allowed_by_name_stops_no_deployment(aws: Aws, deploying: Command) -> None:
    aws.answers["GetParameter"] = {"Parameter": {"Value": "arn:another"}}
    sender = ("--sender", STAGE.sender)

    stopped = deploying(*sender, "--allow", "Orders/OrderTable")
    goes_on = deploying(*sender, "--allow", "Orders/OrderTable,topics-parameter")

    assert stopped.status == 1
    assert stopped.out.endswith("ALLOW=Orders/OrderTable,topics-parameter\n")
    assert goes_on.status == 0
    assert "belongs to another stage or program" in goes_on.out and "ALLOW=" not in goes_on.out


def test_a_sender_that_nobody_can_confirm_cannot_be_allowed(aws: Aws, deploying: Command) -> None:
    """CloudFormation would refuse it anyway."""
    ran = deploying("--sender", "cats@example.com", "--allow", "sender")

    assert ran.status == 1
    assert "sender         problem" in ran.out and "sender in SES  problem" in ran.out
    assert "ALLOW=" not in ran.out


@pytest.mark.parametrize(
    ("changed", "told"),
    [({"owner": "cats"}, "it has owner=cats"), ({"stage": None, "app": None}, "it has no tag stage and no tag app")],
)
def test_a_stack_of_another_team_or_project_is_a_problem(changed: dict[str, str | None], told: str, aws: Aws) -> None:
    all_tags = {tag["Key"]: tag["Value"] for tag in tags("dev-orders")} | changed
    others = [{"Key": key, "Value": value} for key, value in all_tags.items() if value]
    aws.stacks["dev-orders"]["Tags"] = others

    assert aws.findings()["stack names"][1:3] == (
        "problem",
        f"dev-orders may belong to another project or team: {told}",
    )
    assert "stack names" in aws.problems(sender=STAGE.sender)


def test_a_runbook_without_an_address_is_reported(aws: Aws) -> None:
    finding = aws.findings(runbook_url="docs/runbook.md")["runbook"]

    assert finding.state == "limited"
    assert finding.advice.startswith("set runbook_url of the stage dev to the address")


def test_only_the_topics_without_a_subscriber_are_named(aws: Aws) -> None:
    aws.answers["GetTopicAttributes"] = {"Attributes": {"SubscriptionsConfirmed": "0"}}

    finding = aws.findings()["alarms"]

    assert finding.found == "nobody hears of alarms: OrderAlarmsTopicArn, OrderAlarmsUrgentTopicArn"


@pytest.mark.parametrize("stage", [name for name, stage in STAGES.items() if stage.outbox])
def test_the_laptops_stage_is_not_deployed_to_aws(stage: str, alone: Command) -> None:
    run = alone("--stage", stage, "--deploying", AWS_REGION=REGION)

    assert (run.status, run.out) == (1, "")
    assert run.err == f"error: stage {stage} is only for this machine: deploy it with `laptop up`\n"


@pytest.mark.parametrize("kind", ["denied", "unknown", "throttled"])
def test_a_question_that_aws_does_not_answer_is_unknown_and_no_problem(kind: str, aws: Aws) -> None:
    told = {name: aws.answers[name] for name in ("GetCallerIdentity", "ListStackResources")}
    aws.answers = dict.fromkeys(aws.answers, kind) | told

    findings = aws.findings()

    assert {finding.state for finding in findings.values()} == {"ok", "unknown"}
    assert code_of("sns", kind) in findings["SMS"].found


def test_on_the_laptop_cloud_an_unsupported_check_says_so(aws: Aws) -> None:
    aws.answers |= dict.fromkeys(
        ("GetSMSSandboxAccountStatus", "GetSMSAttributes", "ListOriginationNumbers"), "unknown"
    )

    findings = aws.findings(endpoint="http://127.0.0.1:4566")

    said = {
        (findings[check].state, findings[check].found)
        for check in ("SMS", "SMS spending", "SMS numbers", "SMS reports")
    }
    assert said == {("unknown", "the laptop cloud cannot answer this; only AWS can")}


def test_stacks_that_cannot_be_described_are_unknown(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "describe", lambda: EndpointConnectionError(endpoint_url="https://cloudformation"))

    findings = aws.findings()

    assert findings["stack dev-orders"].state == findings["bootstrap"].state == "unknown"
    assert "no answer from AWS" in findings["stack dev-orders"].found


@pytest.mark.parametrize("error", ["ExpiredToken", EndpointConnectionError(endpoint_url="https://sts")])
def test_without_credentials_nothing_else_is_asked(error: Any, aws: Aws) -> None:
    aws.answers["GetCallerIdentity"] = error

    (finding,) = aws.findings().values()

    assert (finding.check, finding.state) == ("credentials", "problem")


ALONE = {"PATH": "", "LANG": "C.UTF-8", "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent"}


@pytest.fixture
def alone(capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs the doctor in an environment that has only the given AWS settings."""
    return lambda *arguments, **settings: run_inside(capsys, main, arguments, alone=True, **ALONE, **settings)


def test_a_problem_ends_the_command_with_1_and_is_in_the_json(alone: Command) -> None:
    run = alone("--json", AWS_REGION=REGION)

    assert run.status == 1
    assert run.json == [
        {
            "check": "credentials",
            "state": "problem",
            "found": f"no AWS credentials were found: set them as for the AWS CLI; {LAPTOP}",
            "advice": "",
        }
    ]


def test_a_missing_region_is_reported(alone: Command) -> None:
    run = alone()

    assert (run.status, run.out) == (1, "")
    assert run.err.startswith("error: no AWS region is set")


@pytest.mark.parametrize("arguments", [["--stage", "test"], ["--nothing"], ["extra"]])
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_before_deploying_missing_credentials_are_reported_without_synthesis() -> None:
    """In a process of its own, which ends before it imports CDK."""
    watch = "import runpy, sys; sys.modules['aws_cdk'] = None; sys.argv[:] = sys.argv[1:]; "
    watch += "runpy.run_module('tools.doctor', run_name='__main__')"
    command = [sys.executable, "-c", watch, "doctor", "--deploying"]

    run = subprocess.run(command, cwd=PROJECT, env=ALONE | {"AWS_REGION": REGION}, capture_output=True, text=True)

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == f"error: no AWS credentials were found: set them as for the AWS CLI; {LAPTOP}\n"
