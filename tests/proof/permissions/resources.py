"""What others may do with resources: the policies of queues, topics, buckets, keys, functions, networks and roles.

Both sides are sets of lines. A line names the resource, who may do what there, and under which conditions.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tests.proof.permissions.account import ACCOUNT, REGION, Account, listed
from tests.proof.permissions.functions import PREFIXES, reach_of, role_of

FAILED_TEXTS = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:sns/{REGION}/{ACCOUNT}/DirectPublishToPhoneNumber/Failure:*"
"""https://docs.aws.amazon.com/sns/latest/dg/sms_stats_cloudwatch.html"""
POLICIES = {
    "AWS::SQS::QueuePolicy": "PolicyDocument",
    "AWS::SNS::TopicPolicy": "PolicyDocument",
    "AWS::S3::BucketPolicy": "PolicyDocument",
    "AWS::KMS::Key": "KeyPolicy",
    "AWS::EC2::VPCEndpoint": "PolicyDocument",
    "AWS::IAM::Role": "AssumeRolePolicyDocument",
}
"""The types with a policy, and the property that has it."""
OUR_ACCOUNT = {"aws:SourceAccount": ACCOUNT}


def differences(account: Account) -> list[str]:
    """What the policies of resources lack, and what they have and nothing needs."""
    needed, allowed = set(_needed(account)), set(_allowed(account))
    return [
        *(f"missing: {one}" for one in sorted(needed - allowed)),
        *(f"unused: {one}" for one in sorted(allowed - needed)),
    ]


def lines(account: Account) -> set[str]:
    """Every statement that allows something."""
    return set(_allowed(account))


def _line(resource: str, who: str, action: str, conditions: Mapping[str, str] | None = None) -> str:
    only = ", ".join(f"{name.lower()}={value}" for name, value in sorted((conditions or {}).items()))
    return f"{resource}: {who} may {action}{f' if {only}' if only else ''}"


# What the templates allow


def _allowed(account: Account) -> Iterator[str]:
    for given in account.of("AWS::Lambda::Permission").values():
        conditions = {"aws:SourceArn": given["SourceArn"]}
        if "SourceAccount" in given:
            conditions["aws:SourceAccount"] = given["SourceAccount"]
        yield _line(given["FunctionName"], given["Principal"], given["Action"], conditions)
    for type, name in POLICIES.items():
        for path, given in account.of(type).items():
            for one in listed(given[name]["Statement"]):
                if one["Effect"] == "Allow":
                    yield from _of_statement(account, path, one)


def _of_statement(account: Account, path: str, one: Mapping[str, Any]) -> Iterator[str]:
    conditions = {name: value for pairs in one.get("Condition", {}).values() for name, value in pairs.items()}
    resources = listed(one.get("Resource", path))
    if account.resource(path)["Type"] in ("AWS::KMS::Key", "AWS::EC2::VPCEndpoint"):
        # The policy belongs to the resource, and `*` means the resource.
        resources = [path]
    principal = one["Principal"]
    who = [
        name for names in (principal.values() if isinstance(principal, dict) else [principal]) for name in listed(names)
    ]
    for resource in resources:
        for name in who:
            for action in listed(one["Action"]):
                yield _line(resource, name, action, conditions)


# What is needed


def _needed(account: Account) -> Iterator[str]:
    yield from _by_apis(account)
    yield from _by_rules_and_alarms(account)
    for path, given in account.of("AWS::Cognito::UserPool").items():
        for function in given.get("LambdaConfig", {}).values():
            where = {"aws:SourceArn": account.arn(path)}
            yield _line(function, "cognito-idp.amazonaws.com", "lambda:InvokeFunction", where)
    for stack, template in account.deployment.templates.items():
        if output := template.get("Outputs", {}).get("RecordFeedbackArn"):
            # `make doctor` tells operators to let this log group call the function.
            where = {"aws:SourceArn": FAILED_TEXTS, **OUR_ACCOUNT}
            yield _line(account.plain(stack, output["Value"]), "logs.amazonaws.com", "lambda:InvokeFunction", where)
    yield from _by_the_page(account)
    yield from _of_keys(account)
    yield from _of_networks(account)
    yield from _of_roles(account)


def _by_apis(account: Account) -> Iterator[str]:
    functions = {account.arn(path) for path in account.of("AWS::Lambda::Function")}
    stages = {given["RestApiId"]: account.ref(path) for path, given in account.of("AWS::ApiGateway::Stage").items()}
    for _, given in account.of("AWS::ApiGateway::Method").items():
        for function in functions:
            if f"/{function}/invocations" in str(given.get("Integration", {}).get("Uri", "")):
                api, way = given["RestApiId"], _way(account, given["ResourceId"])
                source = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api}/{stages[api]}/{given['HttpMethod']}{way}"
                yield _line(function, "apigateway.amazonaws.com", "lambda:InvokeFunction", {"aws:SourceArn": source})


def _way(account: Account, resource: str) -> str:
    """`/orders/*` for the resource `/orders/{OrderId}`."""
    path = account.called("AWS::ApiGateway::Resource", resource)
    if path is None:
        return ""
    given = account.of("AWS::ApiGateway::Resource")[path]
    part = "*" if given["PathPart"].startswith("{") else given["PathPart"]
    return f"{_way(account, given['ParentId'])}/{part}"


def _by_rules_and_alarms(account: Account) -> Iterator[str]:
    for path, given in account.of("AWS::Events::Rule").items():
        where = {"aws:SourceArn": account.arn(path)}
        for target in given["Targets"]:
            if ":lambda:" in target["Arn"]:
                yield _line(target["Arn"], "events.amazonaws.com", "lambda:InvokeFunction", where)
            elif ":sns:" in target["Arn"]:
                yield _line(target["Arn"], "events.amazonaws.com", "sns:Publish", {**where, **OUR_ACCOUNT})
            else:
                yield f"{path}: add what {target['Arn']} must allow"
    for type in ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"):
        for given in account.of(type).values():
            for topic in (*given.get("AlarmActions", []), *given.get("OKActions", [])):
                yield _line(topic, "cloudwatch.amazonaws.com", "sns:Publish", OUR_ACCOUNT)
    for given in account.of("AWS::Budgets::Budget").values():
        for notified in given["NotificationsWithSubscribers"]:
            for one in notified["Subscribers"]:
                yield _line(one["Address"], "budgets.amazonaws.com", "sns:Publish", OUR_ACCOUNT)


def _by_the_page(account: Account) -> Iterator[str]:
    for path, given in account.of("AWS::CloudFront::Distribution").items():
        for origin in given["DistributionConfig"]["Origins"]:
            for bucket in account.of("AWS::S3::Bucket"):
                if origin.get("OriginAccessControlId") and account.ref(bucket) in origin["DomainName"]:
                    where = {"aws:SourceArn": account.arn(path)}
                    yield _line(f"{account.arn(bucket)}/*", "cloudfront.amazonaws.com", "s3:GetObject", where)


def _of_keys(account: Account) -> Iterator[str]:
    machines = account.of("AWS::StepFunctions::StateMachine").values()
    for path in account.of("AWS::KMS::Key"):
        # Without it, no policy of IAM could allow anything with the key, and nobody could manage it.
        # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
        yield _line(path, f"arn:aws:iam::{ACCOUNT}:root", "kms:*")
        for given in machines:
            if given.get("EncryptionConfiguration", {}).get("KmsKeyId") == account.arn(path):
                # https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
                yield _line(path, "delivery.logs.amazonaws.com", "kms:Decrypt*")


def _of_networks(account: Account) -> Iterator[str]:
    for path, given in account.of("AWS::EC2::VPCEndpoint").items():
        service = given["ServiceName"].rpartition(".")[2]
        if service == "s3":
            # docs/redis.md: operators copy a program into the network.
            yield _line(path, "*", "s3:GetObject", {"s3:ResourceAccount": ACCOUNT})
        for function in account.of("AWS::Lambda::Function").values():
            for call in reach_of(function["Handler"]).calls if function.get("VpcConfig") else ():
                if PREFIXES.get(call.service, call.service) == service:
                    yield _line(path, "*", f"{service}:{call.operation}", {"aws:PrincipalAccount": ACCOUNT})


def _of_roles(account: Account) -> Iterator[str]:
    used = {
        "lambda": [one["Role"] for one in account.of("AWS::Lambda::Function").values()],
        "states": [one["RoleArn"] for one in account.of("AWS::StepFunctions::StateMachine").values()],
        "apigateway": [one["CloudWatchRoleArn"] for one in account.of("AWS::ApiGateway::Account").values()],
        "codedeploy": [one["ServiceRoleArn"] for one in account.of("AWS::CodeDeploy::DeploymentGroup").values()],
        "sns": [
            account.plain(stack, template["Outputs"]["TextLogsRoleArn"]["Value"])
            for stack, template in account.deployment.templates.items()
            if "TextLogsRoleArn" in template.get("Outputs", {})
        ],
    }
    for service, arns in used.items():
        for arn in arns:
            yield _line(role_of(account, arn), f"{service}.amazonaws.com", "sts:AssumeRole")
    for given in account.of("AWS::Cognito::UserPool").values():
        if texts := given.get("SmsConfiguration"):
            # https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-sms-settings.html
            where = {"sts:ExternalId": texts["ExternalId"], **OUR_ACCOUNT}
            yield _line(role_of(account, texts["SnsCallerArn"]), "cognito-idp.amazonaws.com", "sts:AssumeRole", where)
