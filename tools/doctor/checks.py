"""The checks, each a question to AWS and what its answer means for the apps."""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Literal, NamedTuple, TypeAlias

from botocore.exceptions import BotoCoreError, ClientError

from common.caller import OPERATORS
from reminders.errors import InvalidReminderError
from reminders.mail import check_address, identities_of
from stacks.config import is_address
from stacks.names import API_LOGS, CACHE, FULFILLMENT, IDENTITY, ORDERS, REMINDERS, STACKS, stack_name
from terminal.errors import CommandError
from tools.doctor.target import Target
from tools.errors import sentence

State: TypeAlias = Literal["ok", "limited", "problem", "unknown"]

BOOTSTRAP_STACK = "CDKToolkit"
OLDEST_BOOTSTRAP = 6
"""What the synthesised templates ask for, in their rule CheckBootstrapVersion."""

UNKNOWN_ACTION = {"InvalidAction", "UnknownOperationException"}
"""What an engine answers to an action that it lacks."""

FEW_CONCURRENT = 100
"""Lambda's quota is 1,000; new accounts begin with as few as 10, which all functions of the account share."""

DEFAULT_SPEND_LIMIT = "1"
"""US dollars a month, where nobody has set a limit: https://docs.aws.amazon.com/sns/latest/dg/sms_preferences.html"""


class Result(NamedTuple):
    """`limited` works, within limits that somebody should know; `unknown` is what AWS does not tell."""

    state: State
    found: str
    advice: str = ""
    """What to do."""


class Finding(NamedTuple):
    check: str
    state: State
    found: str
    advice: str


def examine(target: Target) -> Iterator[Finding]:
    """One finding after the other. If AWS does not accept the credentials, that is the only finding.

    If the target is about to be deployed, only findings that would make the deployment fail or do harm.
    """
    for check, ask in CHECKS.items():
        if target.deploying and ask not in BEFORE_DEPLOYING:
            continue
        try:
            result = ask(target)
        except CommandError as error:
            result = Result("problem", str(error))
        except (BotoCoreError, ClientError) as error:
            result = Result("problem" if ask is credentials else "unknown", _unanswered(error, target))
        yield Finding(check, *result)
        if ask is credentials and result.state == "problem":
            return
    for stack in () if target.deploying else STACKS:
        if found := _deployed(target, stack):
            yield Finding(f"stack {stack_name(target.stage.name, stack)}", *found)


def _unanswered(error: BotoCoreError | ClientError, target: Target) -> str:
    if target.on_laptop and isinstance(error, ClientError) and error.response["Error"]["Code"] in UNKNOWN_ACTION:
        return "only AWS can tell: the laptop cloud does not know it"
    return sentence(error)


def credentials(target: Target) -> Result:
    target.read_settings("sts")
    caller = target.client("sts").get_caller_identity()
    return Result("ok", f"{caller['Arn']} in {target.region}")


def bootstrap(target: Target) -> Result:
    advice = f"make bootstrap STAGE={target.stage.name}"
    stack = target.stack(BOOTSTRAP_STACK)
    if not stack:
        return Result("problem", f"no stack {BOOTSTRAP_STACK} in {target.region}", advice)
    if (status := _status(stack["StackStatus"])) != "ok":
        return Result(status, f"{BOOTSTRAP_STACK} is {stack['StackStatus']}", advice)
    versions = [one["OutputValue"] for one in stack.get("Outputs", []) if one["OutputKey"] == "BootstrapVersion"]
    if not versions:
        return Result("unknown", f"{BOOTSTRAP_STACK} does not tell its version")
    if int(versions[0]) < OLDEST_BOOTSTRAP:
        return Result("problem", f"version {versions[0]}; the templates need {OLDEST_BOOTSTRAP}", advice)
    return Result("ok", f"version {versions[0]}")


def sender_setting(target: Target) -> Result:
    advice = f"make deploy STAGE={target.stage.name} SENDER=you@your-domain, or set it in stacks/config.py"
    try:
        check_address(target.sender)
    except InvalidReminderError as error:
        return Result("problem", f"{target.sender} {error}", advice)
    if not target.on_laptop and not is_address(target.sender):
        return Result("problem", f"{target.sender}: nobody can own that domain, so no mail arrives there", advice)
    return Result("ok", target.sender)


def settings(target: Target) -> Result:
    deployed = target.deployed_settings
    if not deployed:
        return Result("ok", "nothing is deployed yet")
    differ = {name: value for name, value in deployed.items() if value != target.settings[name]}
    unsaid = {name: value for name, value in differ.items() if name not in target.said}
    if not unsaid:
        return Result("ok", _written({name: target.settings[name] for name in differ}) or "as deployed")
    if not target.deploying:
        return Result("ok", f"each deployment has to repeat {_written(unsaid)}")
    others = {name: value for name, value in target.settings.items() if name in target.said}
    again = f"make deploy STAGE={target.stage.name} {_written(others | unsaid)}"
    return Result("problem", f"deployed with {_written(unsaid)}", f"repeat it, or choose another value: {again}")


def _written(settings: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in settings.items())


def notify_parameter(target: Target) -> Result:
    name, topic = target.stage.notify_parameter, target.find_output(REMINDERS, "NotifyTopicArn")
    ssm = target.client("ssm")
    try:
        value = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        if topic:
            return Result("problem", f"{name} is gone", f"create it again, with the value {topic}")
        return Result("ok", f"{name} is free")
    if value != topic:
        advice = "in stacks/config.py, give each stage of an account and region its own notify_parameter"
        return Result("problem", f"{name} is somebody else's: {value}", advice)
    return Result("ok", f"{name} names the topic")


def sender_verified(target: Target) -> Result:
    sender, deployed = target.sender, target.find_output(REMINDERS, "SenderAddress")
    answer = target.client("ses").get_identity_verification_attributes(Identities=identities_of(sender))
    registers = target.stage.sender_identity == "new" and (target.deploying or not deployed)
    own = target.resources(REMINDERS, "AWS::SES::EmailIdentity").values() if registers else ()
    if registers and sender not in own and _is_identity(target, sender):
        said = {name: value for name, value in target.settings.items() if name in target.said}
        again = f"make deploy STAGE={target.stage.name} {_written(said | {'SENDER': sender, 'IDENTITY': 'existing'})}"
        return Result("problem", f"SES knows {sender} already, so this stage cannot register it", again)
    for identity, attributes in answer["VerificationAttributes"].items():
        if attributes["VerificationStatus"] == "Success":
            return Result("ok", f"{identity} is verified")
    again = f"aws ses verify-email-identity --email-address {sender}"
    if registers:
        return Result("limited", f"{sender} is not verified yet", "open the link that SES mails when you deploy")
    if not deployed:
        return Result("limited", f"{sender} is not verified yet", f"{again}, or deploy with IDENTITY=new")
    # This does not stop a deployment, because the stage was like this before.
    state: State = "limited" if target.deploying else "problem"
    return Result(state, f"{sender} is not verified", f"open the link that SES mailed; for another: {again}")


def _is_identity(target: Target, sender: str) -> bool:
    """Whether SES knows `sender` itself, verified or not, and not only its domain."""
    ses = target.client("sesv2")
    try:
        ses.get_email_identity(EmailIdentity=sender)
    except ses.exceptions.NotFoundException:
        return False
    return True


def ses_account(target: Target) -> Result:
    account = target.client("sesv2").get_account()
    quota = account.get("SendQuota", {})
    allowed = f"{quota.get('SentLast24Hours', 0):.0f} of {quota.get('Max24HourSend', 0):.0f} mails sent in 24 hours"
    if not account.get("SendingEnabled", True):
        return Result("problem", "sending is paused", "see Account dashboard in the SES console")
    if not account.get("ProductionAccessEnabled", True):
        advice = "verify each recipient in the SES console, or ask there for production access"
        return Result("limited", f"in the sandbox: verified recipients alone; {allowed}", advice)
    return Result("ok", allowed)


def sms_account(target: Target) -> Result:
    if target.client("sns").get_sms_sandbox_account_status()["IsInSandbox"]:
        advice = "verify each number in the SNS console, Text messaging, or ask there to leave the sandbox"
        return Result("limited", "in the sandbox: verified numbers alone", advice)
    return Result("ok", "out of the sandbox")


def sms_spending(target: Target) -> Result:
    answer = target.client("sns").get_sms_attributes(attributes=["MonthlySpendLimit"])
    limit = float(answer["attributes"].get("MonthlySpendLimit", DEFAULT_SPEND_LIMIT))
    now = datetime.now(UTC)
    statistics = target.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SNS",
        MetricName="SMSMonthToDateSpentUSD",
        StartTime=now.replace(day=1, hour=0, minute=0, second=0, microsecond=0),
        EndTime=now,
        Period=3600,
        Statistics=["Maximum"],
    )
    spent = max((point["Maximum"] for point in statistics["Datapoints"]), default=0.0)
    found = f"{spent:.2f} of {limit:.2f} USD spent this month"
    if spent >= limit:
        return Result("problem", found, "raise the limit in the SNS console; above 1 USD ask AWS for a higher quota")
    return Result("ok", found)


def sms_origination(target: Target) -> Result:
    numbers = target.client("sns").list_origination_numbers().get("PhoneNumbers", [])
    if not numbers:
        advice = "for the United States and some other countries, get a number in AWS End User Messaging"
        return Result("limited", "no number of your own to send from", advice)
    return Result("ok", f"{len(numbers)} numbers to send from")


def lambda_concurrency(target: Target) -> Result:
    limit = target.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    found = f"{limit} functions may run at once"
    if limit < FEW_CONCURRENT:
        advice = "ask in Service Quotas for more: Lambda, Concurrent executions"
        return Result("limited", found, advice)
    return Result("ok", found)


def api_gateway_role(target: Target) -> Result:
    arn = target.client("apigateway").get_account().get("cloudwatchRoleArn")
    advice = f"set it to the role of the stack {stack_name(target.stage.name, API_LOGS)}, in API Gateway's settings"
    if not arn:
        if target.own(API_LOGS):
            return Result("problem", "no role to write logs with", advice)
        return Result("ok", "none yet; deploying sets one")
    iam = target.client("iam")
    try:
        iam.get_role(RoleName=arn.rpartition("/")[2])
    except iam.exceptions.NoSuchEntityException:
        return Result("problem", f"{arn} is gone", advice)
    return Result("ok", arn)


def operators(target: Target) -> Result:
    pool = target.find_output(IDENTITY, "UserPoolId")
    if not pool:
        if target.own(ORDERS):
            advice = f"make deploy STAGE={target.stage.name}"
            return Result("problem", f"no stack {stack_name(target.stage.name, IDENTITY)}: nobody can sign in", advice)
        return Result("ok", "none yet; deploying creates the user pool")
    cognito = target.client("cognito-idp")
    pages = cognito.get_paginator("list_users_in_group").paginate(UserPoolId=pool, GroupName=OPERATORS)
    try:
        number = sum(user["Enabled"] for page in pages for user in page["Users"])
    except cognito.exceptions.ResourceNotFoundException:
        return Result("problem", f"{pool} is gone, or its group {OPERATORS} is", "deploy the identity stack again")
    if not number:
        group = f"--user-pool-id {pool} --group-name {OPERATORS} --username you@example.com"
        advice = f"sign up on the page, then: aws cognito-idp admin-add-user-to-group {group}"
        return Result("limited", "no operator can handle escalations", advice)
    return Result("ok", f"{number} {'operator' if number == 1 else 'operators'} can handle escalations")


def _deployed(target: Target, name: str) -> Result | None:
    """The state of the stage's own stack `name`; None if there is none and none is wanted."""
    setting = {CACHE: "CACHE", FULFILLMENT: "CONSUMER"}.get(name, "")
    wanted = target.settings.get(setting, "on") == "on"
    try:
        stack = target.own(name)
        if setting and setting not in target.said:
            # If the last deployment left the stack out, it is not missing, even if the default would have it.
            wanted = target.deployed_settings.get(setting, target.settings[setting]) == "on"
    except (BotoCoreError, ClientError) as error:
        return Result("unknown", sentence(error)) if wanted else None
    if not stack:
        return Result("unknown", "not deployed", f"make deploy STAGE={target.stage.name}") if wanted else None
    if name == CACHE and not wanted:
        # Exclusively: with the default settings, CDK would also destroy the stacks that use a cache.
        advice = f"cdk destroy {CACHE} --exclusively -c stage={target.stage.name}, once CACHE=off is deployed"
        return Result("limited", "left by an earlier deployment, and still costs money", advice)
    match _status(stack["StackStatus"]):
        case "ok":
            return Result("ok", stack["StackStatus"])
        case "unknown":
            return Result("unknown", stack["StackStatus"], "wait until it is done")
    advice = "see its events in the CloudFormation console, then deploy again"
    if stack["StackStatus"] == "ROLLBACK_COMPLETE":
        advice = "delete it: nothing of it was deployed; then deploy again"
    return Result("problem", stack["StackStatus"], advice)


def _status(status: str) -> State:
    """What a status of CloudFormation means: on its way is neither good nor bad."""
    if status.endswith("_IN_PROGRESS"):
        return "unknown"
    # UPDATE_ROLLBACK_COMPLETE too: it is as it was before.
    return (
        "ok" if status.endswith("_COMPLETE") and status not in ("ROLLBACK_COMPLETE", "DELETE_COMPLETE") else "problem"
    )


CHECKS: dict[str, Callable[[Target], Result]] = {
    "credentials": credentials,
    "bootstrap": bootstrap,
    "sender": sender_setting,
    "settings": settings,
    "topic's parameter": notify_parameter,
    "sender in SES": sender_verified,
    "SES": ses_account,
    "SMS": sms_account,
    "SMS spending": sms_spending,
    "SMS numbers": sms_origination,
    "Lambda": lambda_concurrency,
    "API Gateway's role": api_gateway_role,
    "operators": operators,
}

BEFORE_DEPLOYING = (credentials, bootstrap, sender_setting, settings, notify_parameter, sender_verified)
"""Checks whose problems would make a deployment fail or do harm."""
