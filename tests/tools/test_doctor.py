"""The doctor on a pretended AWS: what each answer of AWS means, and what is said to do."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError

import tools.aws
from local.settings import PROJECT
from stacks.config import DEV, STAGES, stage_from_context
from tests.support.aws_answers import code_of, refusal
from tests.support.orders_stack import REGION
from tools.doctor import report
from tools.doctor.__main__ import main
from tools.doctor.checks import Finding, examine
from tools.doctor.target import Target
from tools.errors import LAPTOP

SESSION = boto3.Session("x", "x", region_name=REGION)
"""One for all tests: it keeps what it has read of each service."""

STAGE = replace(DEV, sender="cats@our-cats.org")
TOPIC = "arn:aws:sns:us-east-1:123456789012:topic"
ROLE = "arn:aws:iam::123456789012:role/logs"


def stack(status: str = "CREATE_COMPLETE", **outputs: str) -> dict[str, Any]:
    listed = [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()]
    return {"StackStatus": status, "Outputs": listed}


def resource(type: str, id: str, *, logical_id: str = "Any") -> dict[str, str]:
    kind = {"ResourceType": type, "ResourceStatus": "CREATE_COMPLETE"}
    return kind | {"LogicalResourceId": logical_id, "PhysicalResourceId": id}


WRITER = resource("AWS::Lambda::Function", "dev-orders-UpdateCache", logical_id="UpdateCache54B7F8D1")


class Aws:
    """Answers what the doctor asks, as for a stage that is deployed and an account where all is in order.

    `answers` are by operation; text in the place of an answer names a refusal of aws_answers.json.
    """

    def __init__(self) -> None:
        self.stacks: dict[str, dict[str, Any]] = {
            "CDKToolkit": stack(BootstrapVersion="33"),
            "dev-api-logs": stack(),
            "dev-identity": stack(UserPoolId="us-east-1_pool"),
            "dev-cache": stack(),
            "dev-orders": stack("UPDATE_COMPLETE"),
            "dev-reminders": stack(SenderAddress=STAGE.sender, NotifyTopicArn=TOPIC),
            "dev-website": stack(),
        }
        self.answers: dict[str, Any] = {
            "GetCallerIdentity": {"Arn": "arn:aws:iam::123456789012:user/ann"},
            "GetParameter": {"Parameter": {"Value": TOPIC}},
            "GetIdentityVerificationAttributes": {
                "VerificationAttributes": {"our-cats.org": {"VerificationStatus": "Success"}}
            },
            "GetAccount": {
                "SendingEnabled": True,
                "ProductionAccessEnabled": True,
                "SendQuota": {"SentLast24Hours": 7.0, "Max24HourSend": 50000.0},
                "cloudwatchRoleArn": ROLE,
            },
            "GetRole": {},
            "GetEmailIdentity": {"IdentityType": "EMAIL_ADDRESS"},
            "ListStackResources": {
                "StackResourceSummaries": [WRITER, resource("AWS::SES::EmailIdentity", STAGE.sender)]
            },
            "GetSMSSandboxAccountStatus": {"IsInSandbox": False},
            "GetSMSAttributes": {"attributes": {"MonthlySpendLimit": "20"}},
            "GetMetricStatistics": {"Datapoints": [{"Maximum": 0.5}, {"Maximum": 1.25}]},
            "ListOriginationNumbers": {"PhoneNumbers": [{"PhoneNumber": "+15555550100"}]},
            "ListUsersInGroup": {"Users": [{"Enabled": True}, {"Enabled": False}]},
            "GetAccountSettings": {"AccountLimit": {"ConcurrentExecutions": 1000}},
        }
        self.described: dict[str, Any] = {}

    def undeploy(self) -> None:
        self.stacks = {name: found for name, found in self.stacks.items() if name == "CDKToolkit"}
        self.answers["GetEmailIdentity"] = "NotFoundException"

    def switch_the_cache_off(self) -> None:
        """As CACHE=off does: the stack Cache stays."""
        self.answers["ListStackResources"]["StackResourceSummaries"].remove(WRITER)

    def findings(self, *, endpoint: str | None = None, **stage: Any) -> dict[str, Finding]:
        target = Target(replace(STAGE, **stage), tools.aws.Aws(SESSION, endpoint))
        return {finding.check: finding for finding in examine(target)}

    def problems(self, **said: str) -> dict[str, str]:
        """What stops a deployment with the settings `said`, and what to do."""
        stage = stage_from_context({"stage": "dev", **said}.get)
        target = Target(stage, tools.aws.Aws(SESSION), said={name.upper() for name in said}, deploying=True)
        return {finding.check: finding.advice for finding in examine(target) if finding.state == "problem"}

    def note(self, params: dict[str, Any], **_: Any) -> None:
        self.described = params

    def answer(self, model: Any, **_: Any) -> Any:
        found = self.describe() if model.name == "DescribeStacks" else self.answers[model.name]
        if isinstance(found, Exception):
            raise found
        if isinstance(found, str):
            return refusal(model, found, "it does not exist")
        return SimpleNamespace(status_code=200), found

    def describe(self) -> Any:
        name = self.described["StackName"]
        return {"Stacks": [self.stacks[name]]} if name in self.stacks else "ValidationError"


@pytest.fixture
def aws() -> Iterator[Aws]:
    aws = Aws()
    SESSION.events.register("before-parameter-build", aws.note, unique_id="note")
    SESSION.events.register("before-call", aws.answer, unique_id="answer")
    yield aws
    SESSION.events.unregister("before-parameter-build", unique_id="note")
    SESSION.events.unregister("before-call", unique_id="answer")


def test_a_stage_where_all_is_in_order_has_nothing_to_do(aws: Aws) -> None:
    findings = aws.findings()

    assert {name: finding.state for name, finding in findings.items()} == dict.fromkeys(
        [
            *["credentials", "bootstrap", "sender", "settings", "topic's parameter", "sender in SES", "SES"],
            *["SMS", "SMS spending", "SMS numbers", "Lambda", "API Gateway's role", "operators"],
            *["stack dev-api-logs", "stack dev-identity", "stack dev-cache", "stack dev-orders", "stack dev-reminders"],
            "stack dev-website",
        ],
        "ok",
    )
    assert {finding.advice for finding in findings.values()} == {""}
    assert findings["credentials"].found == "arn:aws:iam::123456789012:user/ann in us-east-1"
    assert findings["sender in SES"].found == "our-cats.org is verified"
    assert findings["SES"].found == "7 of 50000 mails sent in 24 hours"
    assert findings["operators"].found == "1 operator can handle escalations"
    assert findings["SMS spending"].found == "1.25 of 20.00 USD spent this month"


def test_before_the_first_deployment_nothing_of_it_is_a_problem(aws: Aws) -> None:
    aws.undeploy()
    aws.answers |= {
        "GetParameter": "ParameterNotFound",
        "GetIdentityVerificationAttributes": {"VerificationAttributes": {}},
        "GetAccount": {key: value for key, value in aws.answers["GetAccount"].items() if key != "cloudwatchRoleArn"},
    }

    findings = aws.findings()

    assert "problem" not in {finding.state for finding in findings.values()}
    assert findings["topic's parameter"].found == "notifyme-dev is free"
    assert findings["sender in SES"].advice == "open the link that SES mails when you deploy"
    assert findings["API Gateway's role"].found == "none yet; deploying sets one"
    assert findings["operators"].found == "none yet; deploying creates the user pool"
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
        ("GetAccount", {"ProductionAccessEnabled": False}, "SES", "limited", "ask there for production access"),
        ("GetSMSSandboxAccountStatus", {"IsInSandbox": True}, "SMS", "limited", "leave the sandbox"),
        ("GetSMSAttributes", {"attributes": {}}, "SMS spending", "problem", "raise the limit"),
        ("GetSMSAttributes", {"attributes": {"MonthlySpendLimit": "0"}}, "SMS spending", "problem", "raise the limit"),
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
        ("GetRole", "NoSuchEntity", "API Gateway's role", "problem", "the role of the stack dev-api-logs"),
    ],
)
def test_what_is_not_in_order_is_told_with_what_to_do(
    operation: str, answer: Any, check: str, state: str, advice: str, aws: Aws
) -> None:
    aws.answers[operation] = answer

    finding = aws.findings()[check]

    assert finding.state == state
    assert advice in finding.advice


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
def test_the_bootstrap_is_as_the_templates_need_it(toolkit: Any, state: str, aws: Aws) -> None:
    del aws.stacks["CDKToolkit"]
    if toolkit:
        aws.stacks["CDKToolkit"] = toolkit

    finding = aws.findings()["bootstrap"]

    assert finding.state == state
    assert (finding.advice == "make bootstrap STAGE=dev") == (state == "problem" or "PROGRESS" in finding.found)


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
def test_a_stack_that_did_not_deploy_is_told(status: str, state: str, aws: Aws) -> None:
    aws.stacks["dev-orders"] = stack(status)

    finding = aws.findings()["stack dev-orders"]

    assert (finding.state, finding.found) == (state, status)
    assert bool(finding.advice) == (state != "ok")


def test_a_stage_of_before_anybody_signed_in_has_to_be_deployed_again(aws: Aws) -> None:
    del aws.stacks["dev-identity"]

    finding = aws.findings()["operators"]

    assert (finding.state, finding.advice) == ("problem", "make deploy STAGE=dev")
    assert finding.found == "no stack dev-identity: nobody can sign in"


@pytest.mark.parametrize("name", ["dev-cache", "dev-fulfillment"])
def test_a_stack_that_may_be_missing_is_examined_if_it_exists(name: str, aws: Aws) -> None:
    aws.stacks |= {"dev-cache": stack("UPDATE_ROLLBACK_FAILED"), "dev-fulfillment": stack("ROLLBACK_FAILED")}

    assert aws.findings()[f"stack {name}"].state == "problem"

    del aws.stacks["dev-cache"], aws.stacks["dev-fulfillment"]
    aws.switch_the_cache_off()
    assert f"stack {name}" not in aws.findings()


@pytest.mark.parametrize(("said", "missed"), [({}, False), ({"CACHE"}, True)])
def test_a_stage_that_was_deployed_without_a_cache_misses_it_only_if_somebody_asks_for_one(
    said: set[str], missed: bool, aws: Aws
) -> None:
    aws.switch_the_cache_off()
    del aws.stacks["dev-cache"]

    checks = {finding.check for finding in examine(Target(STAGE, tools.aws.Aws(SESSION), said=said))}

    assert ("stack dev-cache" in checks) is missed


def test_a_cache_that_was_switched_off_costs_money_until_it_is_destroyed(aws: Aws) -> None:
    aws.switch_the_cache_off()

    finding = aws.findings()["stack dev-cache"]

    assert (finding.state, finding.found) == ("limited", "left by an earlier deployment, and still costs money")
    assert finding.advice == "cdk destroy Cache --exclusively -c stage=dev, once CACHE=off is deployed"


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
def test_a_setting_that_the_stage_was_deployed_with_has_to_be_said_again(
    deployed: dict[str, str], said: dict[str, str], advice: str | None, aws: Aws
) -> None:
    if deployed.get("cache") == "off":
        aws.switch_the_cache_off()
    if deployed.get("consumer") == "on":
        aws.stacks["dev-fulfillment"] = stack()

    problems = aws.problems(**said)

    assert problems.keys() == ({"settings"} if advice else set())
    if advice:
        assert problems["settings"] == f"repeat it, or choose another value: {advice}"


def test_a_stage_that_is_not_being_deployed_is_in_order_whatever_it_was_deployed_with(aws: Aws) -> None:
    aws.switch_the_cache_off()

    finding = aws.findings(sender="reminders-dev@example.com")["settings"]

    assert (finding.state, finding.advice) == ("ok", "")
    assert finding.found == f"each deployment has to repeat SENDER={STAGE.sender} CACHE=off"


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_what_never_deployed_has_no_settings_to_repeat(status: str, aws: Aws) -> None:
    aws.undeploy()
    aws.stacks["dev-orders"] = stack(status)
    aws.answers["GetParameter"] = "ParameterNotFound"

    assert aws.problems(sender=STAGE.sender) == {}


SUCCESS, PENDING = {"VerificationStatus": "Success"}, {"VerificationStatus": "Pending"}
BY_HAND, OURS = resource("AWS::SNS::Topic", "x"), resource("AWS::SES::EmailIdentity", "other@our-cats.org")


@pytest.mark.parametrize("attributes", [SUCCESS, PENDING])
@pytest.mark.parametrize("resources", [[], [BY_HAND], [OURS]])
@pytest.mark.parametrize("deployed", [True, False])
def test_a_sender_that_ses_knows_already_stops_a_deployment_that_would_register_it(
    deployed: bool, resources: list[dict[str, str]], attributes: dict[str, str], aws: Aws
) -> None:
    """By hand, by another stage, or by this one before it had another sender: CloudFormation would roll back."""
    sender = "cats@our-cats.org"
    aws.answers["GetIdentityVerificationAttributes"] = {"VerificationAttributes": {sender: attributes}}
    aws.answers["ListStackResources"] = {"StackResourceSummaries": [WRITER, *resources]}
    if not deployed:
        aws.undeploy()
        aws.answers |= {"GetParameter": "ParameterNotFound", "GetEmailIdentity": {"IdentityType": "EMAIL_ADDRESS"}}

    assert aws.problems(sender=sender, cache="on") == {
        "sender in SES": f"make deploy STAGE=dev SENDER={sender} CACHE=on IDENTITY=existing"
    }
    assert aws.problems(sender=sender, cache="on", identity="existing") == {}


def test_before_the_first_deployment_a_sender_that_ses_knows_is_a_problem_for_the_doctor_too(aws: Aws) -> None:
    aws.undeploy()
    verified = {"VerificationAttributes": {STAGE.sender: SUCCESS}}
    aws.answers |= {"GetIdentityVerificationAttributes": verified, "GetParameter": "ParameterNotFound"}
    aws.answers["GetEmailIdentity"] = {"IdentityType": "EMAIL_ADDRESS"}

    assert aws.findings()["sender in SES"].state == "problem"
    assert aws.findings(sender_identity="existing")["sender in SES"].state == "ok"


def test_a_sender_whose_domain_ses_knows_is_registered_by_the_stage_all_the_same(aws: Aws) -> None:
    aws.undeploy()
    aws.answers["GetParameter"] = "ParameterNotFound"

    assert aws.findings()["sender in SES"].found == "our-cats.org is verified"
    assert aws.problems(sender=STAGE.sender) == {}


def test_the_stages_own_sender_can_be_deployed_again(aws: Aws) -> None:
    aws.answers["GetIdentityVerificationAttributes"] = {"VerificationAttributes": {STAGE.sender: SUCCESS}}

    assert aws.problems(sender=STAGE.sender) == {}


def test_a_sender_that_ses_should_know_but_does_not_is_reported_with_advice(aws: Aws) -> None:
    aws.undeploy()
    aws.answers["GetIdentityVerificationAttributes"] = {"VerificationAttributes": {}}

    finding = aws.findings(sender_identity="existing")["sender in SES"]

    assert (finding.state, finding.found) == ("limited", f"{STAGE.sender} is not verified yet")
    assert finding.advice.startswith(f"aws ses verify-email-identity --email-address {STAGE.sender}")


def test_sentences_say_what_stops_a_deployment_or_that_nothing_does(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(report, "reach", lambda *_, **__: tools.aws.Aws(SESSION))
    stopped = main(["--stage", "dev", "--deploying", "--consumer", "on"])
    told = capsys.readouterr().out
    goes_on = main(["--stage", "dev", "--deploying", "--sender", STAGE.sender])

    assert (stopped, goes_on) == (1, 0)
    assert told == (
        f"problem: deployed with SENDER={STAGE.sender}\n"
        f"  repeat it, or choose another value: make deploy STAGE=dev CONSUMER=on SENDER={STAGE.sender}\n"
    )
    assert capsys.readouterr().out == f"found no problem that would stop a deployment of dev in {REGION}\n"


@pytest.mark.parametrize("stage", [name for name, stage in STAGES.items() if stage.outbox])
def test_the_laptops_stage_is_not_deployed_to_aws(stage: str) -> None:
    run = doctor("--stage", stage, "--deploying", AWS_REGION=REGION)

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == f"error: stage {stage} is not for AWS: `python -m local up` deploys it on this machine\n"


@pytest.mark.parametrize(
    "sender", ["reminders@example.com", "a@mail.EXAMPLE.org", "a@cats.test", "a@b.invalid", "not an address"]
)
def test_a_sender_that_nobody_can_own_is_a_problem(sender: str, aws: Aws) -> None:
    aws.undeploy()

    finding = aws.findings(sender=sender)["sender"]

    assert finding.state == "problem"
    assert "SENDER=you@your-domain" in finding.advice


@pytest.mark.parametrize("sender", ["a@myexample.com", "a@example.com.our-cats.org", "a@test.org"])
def test_a_sender_with_a_similar_domain_is_none(sender: str, aws: Aws) -> None:
    aws.undeploy()

    assert aws.findings(sender=sender)["sender"].state == "ok"


def test_on_the_laptop_a_domain_for_examples_will_do(aws: Aws) -> None:
    aws.undeploy()

    findings = aws.findings(sender="reminders@example.com", endpoint="http://127.0.0.1:4566")

    assert findings["sender"].state == "ok"


def test_the_deployed_sender_goes_before_the_stages(aws: Aws) -> None:
    assert aws.findings(sender="reminders@example.com")["sender"].found == STAGE.sender


@pytest.mark.parametrize("kind", ["denied", "unknown", "throttled"])
def test_what_aws_does_not_tell_is_unknown_and_no_problem(kind: str, aws: Aws) -> None:
    told = {name: aws.answers[name] for name in ("GetCallerIdentity", "ListStackResources")}
    aws.answers = dict.fromkeys(aws.answers, kind) | told

    findings = aws.findings()

    assert {finding.state for finding in findings.values()} == {"ok", "unknown"}
    assert code_of("sns", kind) in findings["SMS"].found


def test_what_only_aws_can_tell_is_said_in_words_on_the_laptop(aws: Aws) -> None:
    aws.answers |= dict.fromkeys(
        ("GetSMSSandboxAccountStatus", "GetSMSAttributes", "ListOriginationNumbers"), "unknown"
    )

    findings = aws.findings(endpoint="http://127.0.0.1:4566")

    said = {(findings[check].state, findings[check].found) for check in ("SMS", "SMS spending", "SMS numbers")}
    assert said == {("unknown", "only AWS can tell: the laptop cloud does not know it")}


def test_stacks_that_may_not_be_looked_at_are_unknown(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "describe", lambda: EndpointConnectionError(endpoint_url="https://cloudformation"))

    findings = aws.findings()

    assert findings["stack dev-orders"].state == findings["bootstrap"].state == "unknown"
    assert "no answer from AWS" in findings["stack dev-orders"].found


@pytest.mark.parametrize("error", ["ExpiredToken", EndpointConnectionError(endpoint_url="https://sts")])
def test_without_credentials_nothing_else_is_asked(error: Any, aws: Aws) -> None:
    aws.answers["GetCallerIdentity"] = error

    (finding,) = aws.findings().values()

    assert (finding.check, finding.state) == ("credentials", "problem")


def doctor(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """The command in a process of its own, with nothing of AWS in its environment but what is given."""
    alone = {"PATH": "", "LANG": "C.UTF-8", "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent", **environment}
    command = [sys.executable, "-m", "tools.doctor", *arguments]
    return subprocess.run(command, cwd=PROJECT, env=alone, capture_output=True, text=True, timeout=60)


def test_a_problem_ends_the_command_with_1_and_is_told_to_programs_too() -> None:
    run = doctor("--json", AWS_REGION=REGION)

    assert run.returncode == 1
    assert json.loads(run.stdout) == [
        {
            "check": "credentials",
            "state": "problem",
            "found": f"no AWS credentials were found: set them as for any AWS tool; {LAPTOP}",
            "advice": "",
        }
    ]


def test_a_region_that_is_not_set_is_asked_for() -> None:
    run = doctor()

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("error: no AWS region is set")


@pytest.mark.parametrize("arguments", [["--stage", "test"], ["--nothing"], ["extra"]])
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "usage: python -m tools.doctor" in capsys.readouterr().err
