"""The checks. Each one asks AWS a question, and judges what the answer means for the apps."""

import math
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from common import queues
from common.caller import OPERATORS
from reminders.errors import InvalidReminderError
from reminders.mail import check_address, identities_of
from stacks.names import API_LOGS, CACHE, FULFILLMENT, IDENTITY, ORDERS, REMINDERS, STACKS, stack_name
from stacks.stage import is_address
from terminal.errors import CommandError
from terminal.text import counted
from tools.allowed import name_of_check
from tools.doctor.alarms import alarm_subscriptions, runbook_address
from tools.doctor.foreign import foreign_stacks
from tools.doctor.load import declared_load
from tools.doctor.result import Result, State
from tools.doctor.target import Target
from tools.errors import sentence

BOOTSTRAP_STACK = "CDKToolkit"
OLDEST_BOOTSTRAP = 6
"""The version that the synthesised templates require, in their rule CheckBootstrapVersion."""

UNKNOWN_ACTION = {"InvalidAction", "UnknownOperationException"}
"""The engine's errors for an action that it lacks."""

FEW_CONCURRENT = 100
"""Lambda's usual quota is 1,000. New accounts may begin with 10, which all functions of the account share."""

DEFAULT_SPEND_LIMIT = "1"
"""US dollars a month, if nobody has set a limit: https://docs.aws.amazon.com/sns/latest/dg/sms_preferences.html"""


TEXTS_PER_SECOND = 20
"""What SNS sends in an account. SNS has no call for it: https://docs.aws.amazon.com/general/latest/gr/sns.html"""

PUBLISHES_PER_SECOND = 10
"""Above this SNS switches e-mail subscriptions of a topic off:
https://repost.aws/knowledge-center/sns-email-subscription-disabled"""

LONG_BACKLOG_SECONDS = 3600
"""A backlog of reminders that takes longer makes the doctor warn."""

NEARLY_SPENT = 0.8
"""The part of the day's mails after which the doctor warns."""


class Finding(NamedTuple):
    check: str
    state: State
    found: str
    advice: str


def examine(target: Target) -> Iterator[Finding]:
    """Yields the finding of each check. If AWS refuses the credentials, that is the only finding.

    If the target is about to be deployed, only the checks in BEFORE_DEPLOYING run.
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
        return "the laptop cloud cannot answer this; only AWS can"
    return sentence(error)


def credentials(target: Target) -> Result:
    target.read_settings("sts")
    caller = target.client("sts").get_caller_identity()
    return Result("ok", f"{caller['Arn']} in {target.region}")


def bootstrap(target: Target) -> Result:
    advice = f"make bootstrap STAGE={target.stage.name}"
    stack = target.stack(BOOTSTRAP_STACK)
    if not stack:
        return Result("problem", f"there is no stack {BOOTSTRAP_STACK} in {target.region}", advice)
    if (status := _status(stack["StackStatus"])) != "ok":
        return Result(status, f"{BOOTSTRAP_STACK} is {stack['StackStatus']}", advice)
    versions = [one["OutputValue"] for one in stack.get("Outputs", []) if one["OutputKey"] == "BootstrapVersion"]
    if not versions:
        return Result("unknown", f"{BOOTSTRAP_STACK} has no output BootstrapVersion", advice)
    if int(versions[0]) < OLDEST_BOOTSTRAP:
        return Result("problem", f"version {versions[0]}; the templates need {OLDEST_BOOTSTRAP} or later", advice)
    return Result("ok", f"version {versions[0]}")


def sender_setting(target: Target) -> Result:
    advice = f"make deploy STAGE={target.stage.name} SENDER=you@your-domain, or set the sender in stacks/config.py"
    try:
        check_address(target.sender)
    except InvalidReminderError as error:
        return Result("problem", f"{target.sender} {error}", advice)
    if not target.on_laptop and not is_address(target.sender):
        return Result("problem", f"{target.sender} has a domain that nobody can own, so SES cannot verify it", advice)
    return Result("ok", target.sender)


def settings(target: Target) -> Result:
    """Looks for settings of the last deployment that this one leaves out. See decision D099."""
    deployed = target.deployed_settings
    if not deployed:
        return Result("ok", "nothing is deployed yet")
    differ = {name: value for name, value in deployed.items() if value != target.settings[name]}
    unsaid = {name: value for name, value in differ.items() if name not in target.said}
    if not unsaid:
        return Result("ok", _written({name: target.settings[name] for name in differ}) or "unchanged")
    if not target.deploying:
        return Result("ok", f"repeat {_written(unsaid)} in each deployment")
    others = {name: value for name, value in target.settings.items() if name in target.said}
    again = f"make deploy STAGE={target.stage.name} {_written(others | unsaid)}"
    return Result(
        "problem",
        f"the last deployment had {_written(unsaid)}, and this one leaves it out",
        f"repeat it, or give another value: {again}",
    )


def _written(settings: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in settings.items())


def notify_parameter(target: Target) -> Result:
    name, topic = target.stage.notify_parameter, target.find_output(REMINDERS, "NotifyTopicArn")
    ssm = target.client("ssm")
    try:
        value = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound:
        if topic:
            return Result("problem", f"the parameter {name} was deleted", f"create it again, with the value {topic}")
        return Result("ok", f"the name {name} is free")
    if value != topic:
        advice = "in stacks/config.py, give each stage of an account and region its own notify_parameter"
        return Result("problem", f"the parameter {name} belongs to another stage or program: {value}", advice)
    return Result("ok", f"{name} holds the topic's ARN")


def sender_verified(target: Target) -> Result:
    sender, deployed = target.sender, target.find_output(REMINDERS, "SenderAddress")
    answer = target.client("ses").get_identity_verification_attributes(Identities=identities_of(sender))
    registers = target.stage.sender_identity == "new" and (target.deploying or not deployed)
    own = target.resources(REMINDERS, "AWS::SES::EmailIdentity").values() if registers else ()
    if registers and sender not in own and _is_identity(target, sender):
        said = {name: value for name, value in target.settings.items() if name in target.said}
        again = f"make deploy STAGE={target.stage.name} {_written(said | {'SENDER': sender, 'IDENTITY': 'existing'})}"
        return Result("problem", f"{sender} is already registered with SES, so this stage cannot register it", again)
    for identity, attributes in answer["VerificationAttributes"].items():
        if attributes["VerificationStatus"] == "Success":
            return Result("ok", f"{identity} is verified")
    again = f"aws ses verify-email-identity --email-address {sender}"
    if registers:
        return Result("limited", f"{sender} is not verified yet", "deploy, then open the link that SES mails to it")
    if not deployed:
        return Result("limited", f"{sender} is not verified yet", f"{again}, or deploy with IDENTITY=new")
    # Only `limited` while deploying, because the problem is older than this deployment and must not stop it.
    state: State = "limited" if target.deploying else "problem"
    return Result(state, f"{sender} is not verified", f"open the link that SES mailed to it; for a new link: {again}")


def _is_identity(target: Target, sender: str) -> bool:
    """Whether the address `sender`, and not only its domain, is registered with SES, verified or not."""
    ses = target.client("sesv2")
    try:
        ses.get_email_identity(EmailIdentity=sender)
    except ses.exceptions.NotFoundException:
        return False
    return True


def ses_account(target: Target) -> Result:
    account = target.client("sesv2").get_account()
    quota = account.get("SendQuota", {})
    sent, most = quota.get("SentLast24Hours", 0), quota.get("Max24HourSend", 0)
    # SES answers -1 if there is no limit.
    allowed = f"{sent:.0f} of {most:.0f} mails sent in 24 hours" if most >= 0 else f"{sent:.0f} mails sent in 24 hours"
    if not account.get("SendingEnabled", True):
        return Result("problem", "sending is paused", "see Account dashboard in the SES console")
    if not account.get("ProductionAccessEnabled", True):
        advice = "in the SES console, verify each recipient or request production access"
        return Result("limited", f"in the sandbox: only verified recipients get mail; {allowed}", advice)
    if 0 < most * NEARLY_SPENT <= sent:
        advice = "request a higher sending quota in the SES console; until then reminders wait in their queue"
        return Result("limited", allowed, advice)
    return Result("ok", allowed)


def mail_rate(target: Target) -> Result:
    """Compares the stage's rate with the account's. The account's other senders share its rate."""
    ours = target.stage.mails_per_second
    accepted = target.client("sesv2").get_account().get("SendQuota", {}).get("MaxSendRate")
    if accepted is None:
        return Result("unknown", "SES does not say how many mails a second it accepts")
    found = f"the stage sends {ours:g} mails a second; SES accepts {accepted:g}"
    if ours > accepted:
        advice = (
            f"in stacks/config.py, set mails_per_second of the stage {target.stage.name} to {accepted:g} or less, or "
            "request a higher sending rate in the SES console"
        )
        return Result("limited", f"{found}, so it refuses some for a while", advice)
    return Result("ok", found)


def waiting_reminders(target: Target) -> Result:
    """Counts the reminders that are due and not sent yet, and how long the stage's rates need for them."""
    rates = {
        "EmailQueue": target.stage.mails_per_second,
        "SMSQueue": target.stage.texts_per_second,
        "TopicQueue": target.stage.publishes_per_second,
    }
    sqs, waiting, seconds = target.client("sqs"), 0, 0.0
    for id, url in target.resources(REMINDERS, "AWS::SQS::Queue").items():
        rate = next((rate for name, rate in rates.items() if name in id), None)
        if rate:
            count = queues.waiting(sqs, url)
            waiting, seconds = waiting + count, max(seconds, count / rate)
    if not waiting:
        return Result("ok", "no reminder that is due waits to be sent")
    found = f"{waiting} reminders are due and wait to be sent; at the stage's rates this takes {_duration(seconds)}"
    if seconds > LONG_BACKLOG_SECONDS:
        return Result("limited", found, "see docs/operations.md#when-many-reminders-are-due-at-once")
    return Result("ok", found)


def _duration(seconds: float) -> str:
    return f"{math.ceil(seconds)} seconds" if seconds < 120 else f"{math.ceil(seconds / 60)} minutes"


def text_rate(target: Target) -> Result:
    ours = target.stage.texts_per_second
    found = f"the stage sends {ours:g} texts a second; SNS sends {TEXTS_PER_SECOND} unless AWS has raised it"
    if ours > TEXTS_PER_SECOND:
        advice = (
            f"in stacks/config.py, set texts_per_second of the stage {target.stage.name} to {TEXTS_PER_SECOND} or "
            "less, unless AWS has raised your quota"
        )
        return Result("limited", found, advice)
    return Result("ok", found)


def publish_rate(target: Target) -> Result:
    ours = target.stage.publishes_per_second
    found = f"the stage publishes {ours:g} reminders a second"
    topic = target.find_output(REMINDERS, "NotifyTopicArn")
    if ours <= PUBLISHES_PER_SECOND or not topic:
        return Result("ok", found)
    pages = target.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
    mailed = sum(one["Protocol"].startswith("email") for page in pages for one in page["Subscriptions"])
    if mailed:
        advice = (
            f"in stacks/config.py, set publishes_per_second of the stage {target.stage.name} to less than "
            f"{PUBLISHES_PER_SECOND}, or subscribe queues instead of e-mail addresses"
        )
        return Result("problem", f"{found}: SNS switches off the {mailed} e-mail subscriptions of its topic", advice)
    return Result("ok", found)


def sms_account(target: Target) -> Result:
    if target.client("sns").get_sms_sandbox_account_status()["IsInSandbox"]:
        advice = "in the SNS console, under Text messaging, verify each number or exit the sandbox"
        return Result("limited", "in the sandbox: only verified numbers get SMS", advice)
    return Result("ok", "not in the sandbox")


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
        advice = "raise the limit in the SNS console; for more than 1 USD, first ask AWS for a higher quota"
        return Result("problem", found, advice)
    return Result("ok", found)


def sms_origination(target: Target) -> Result:
    numbers = target.client("sns").list_origination_numbers().get("PhoneNumbers", [])
    if not numbers:
        advice = "to send to the United States and some other countries, get a number in AWS End User Messaging"
        return Result("limited", "the account has no number to send from", advice)
    return Result("ok", f"the account has {counted(len(numbers), 'number')} to send from")


def text_reports(target: Target) -> Result:
    """Whether SNS tells the stage about texts that did not arrive. CloudFormation has no resource for it."""
    role, function = target.find_output(API_LOGS, "TextLogsRoleArn"), target.find_output(REMINDERS, "RecordFeedbackArn")
    if not role or not function:
        return Result("ok", "not set yet; run this again after the deployment")
    _, _, _, region, account, *_ = function.split(":")
    group = f"sns/{region}/{account}/DirectPublishToPhoneNumber/Failure"
    commands = []
    wanted = ["DeliveryStatusIAMRole", "DeliveryStatusSuccessSamplingRate"]
    if not target.client("sns").get_sms_attributes(attributes=wanted)["attributes"].get(wanted[0]):
        commands.append(f"aws sns set-sms-attributes --attributes {wanted[0]}={role},{wanted[1]}=0")
    logs = target.client("logs")
    try:
        filters = logs.describe_subscription_filters(logGroupName=group)["subscriptionFilters"]
    except logs.exceptions.ResourceNotFoundException:
        filters = []
        commands.append(f"aws logs create-log-group --log-group-name {group}")
        commands.append(f"aws logs put-retention-policy --log-group-name {group} --retention-in-days 1")
    if function not in [one["destinationArn"] for one in filters]:
        name = f"--filter-name {target.stage.name} --filter-pattern ''"
        commands.append(
            f"aws logs put-subscription-filter --log-group-name {group} {name} --destination-arn {function}"
        )
    if commands:
        advice = f"first read docs/deploying.md#texts-that-do-not-arrive, then: {' && '.join(commands)}"
        return Result("limited", "reminders do not show texts that did not arrive", advice)
    return Result("ok", "SNS reports texts that did not arrive")


def lambda_concurrency(target: Target) -> Result:
    limit = target.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    found = f"{limit} function calls may run at once"
    if limit < FEW_CONCURRENT:
        advice = "request a higher quota in Service Quotas: Lambda, Concurrent executions"
        return Result("limited", found, advice)
    return Result("ok", found)


def api_gateway_role(target: Target) -> Result:
    arn = target.client("apigateway").get_account().get("cloudwatchRoleArn")
    api_logs = stack_name(target.stage.name, API_LOGS)
    advice = f"in API Gateway's settings, set the CloudWatch log role to the role of the stack {api_logs}"
    if not arn:
        if target.own(API_LOGS):
            return Result("problem", "API Gateway has no role to write logs with", advice)
        return Result("ok", "not set yet; deploying sets it")
    iam = target.client("iam")
    try:
        iam.get_role(RoleName=arn.rpartition("/")[2])
    except iam.exceptions.NoSuchEntityException:
        return Result("problem", f"the role {arn} was deleted", advice)
    return Result("ok", arn)


def operators(target: Target) -> Result:
    pool = target.find_output(IDENTITY, "UserPoolId")
    if not pool:
        if target.own(ORDERS):
            advice = f"make deploy STAGE={target.stage.name}"
            missing = stack_name(target.stage.name, IDENTITY)
            return Result("problem", f"there is no stack {missing}, so nobody can sign in", advice)
        return Result("ok", "no user pool yet; deploying creates it")
    cognito = target.client("cognito-idp")
    pages = cognito.get_paginator("list_users_in_group").paginate(UserPoolId=pool, GroupName=OPERATORS)
    try:
        number = sum(user["Enabled"] for page in pages for user in page["Users"])
    except cognito.exceptions.ResourceNotFoundException:
        return Result(
            "problem", f"the user pool {pool} or its group {OPERATORS} was deleted", "deploy the identity stack again"
        )
    if not number:
        # See decision D077.
        group = f"--user-pool-id {pool} --group-name {OPERATORS} --username you@example.com"
        advice = f"sign up on the page, then: aws cognito-idp admin-add-user-to-group {group}"
        return Result("limited", "nobody can handle escalations, because there are no operators", advice)
    return Result("ok", f"{counted(number, 'operator')} can handle escalations")


def _deployed(target: Target, name: str) -> Result | None:
    """The state of the stage's stack `name`; None if it is neither deployed nor wanted."""
    setting = {CACHE: "CACHE", FULFILLMENT: "CONSUMER"}.get(name, "")
    wanted = target.settings.get(setting, "on") == "on"
    try:
        stack = target.own(name)
        if setting and setting not in target.said:
            # The last deployment may have left the stack out on purpose, so the default does not count.
            wanted = target.deployed_settings.get(setting, target.settings[setting]) == "on"
    except (BotoCoreError, ClientError) as error:
        return Result("unknown", sentence(error)) if wanted else None
    if not stack:
        return Result("unknown", "not deployed", f"make deploy STAGE={target.stage.name}") if wanted else None
    if name == CACHE and not wanted:
        # --exclusively, because with the default settings CDK would also destroy the stacks that use the cache.
        advice = f"after deploying with CACHE=off: cdk destroy {CACHE} --exclusively -c stage={target.stage.name}"
        return Result("limited", "an earlier deployment left this stack behind, and it costs money", advice)
    match _status(stack["StackStatus"]):
        case "ok":
            return Result("ok", stack["StackStatus"])
        case "unknown":
            return Result("unknown", stack["StackStatus"], "wait until the change is done")
    advice = "find the cause in the stack's events, in the CloudFormation console; then deploy again"
    if stack["StackStatus"] == "ROLLBACK_COMPLETE":
        advice = "delete this stack, which holds nothing; then deploy again"
    return Result("problem", stack["StackStatus"], advice)


def _status(status: str) -> State:
    """Judges a status of CloudFormation. While a change is in progress, it is `unknown`."""
    if status.endswith("_IN_PROGRESS"):
        return "unknown"
    # UPDATE_ROLLBACK_COMPLETE is ok too, because the stack is the same as before the failed update.
    return (
        "ok" if status.endswith("_COMPLETE") and status not in ("ROLLBACK_COMPLETE", "DELETE_COMPLETE") else "problem"
    )


CHECKS: dict[str, Callable[[Target], Result]] = {
    "credentials": credentials,
    "bootstrap": bootstrap,
    "stack names": foreign_stacks,
    "sender": sender_setting,
    "settings": settings,
    "topic's parameter": notify_parameter,
    "sender in SES": sender_verified,
    "SES": ses_account,
    "mails per second": mail_rate,
    "SMS": sms_account,
    "SMS spending": sms_spending,
    "SMS numbers": sms_origination,
    "texts per second": text_rate,
    "SMS reports": text_reports,
    "topic per second": publish_rate,
    "waiting reminders": waiting_reminders,
    "Lambda": lambda_concurrency,
    "load": declared_load,
    "API Gateway's role": api_gateway_role,
    "operators": operators,
    "alarms": alarm_subscriptions,
    "runbook": runbook_address,
}

BEFORE_DEPLOYING = (credentials, bootstrap, foreign_stacks, sender_setting, settings, notify_parameter, sender_verified)
"""Only problems of these checks would make a deployment fail or do harm."""

ALLOWABLE = {
    name_of_check(check)
    for check, ask in CHECKS.items()
    # Nothing works without credentials, and CloudFormation itself refuses the sender.
    if ask in BEFORE_DEPLOYING and ask not in (credentials, sender_setting)
}
"""The names with which `make deploy ALLOW=` deploys in spite of a problem."""
