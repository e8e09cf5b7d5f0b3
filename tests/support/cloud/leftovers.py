"""What the engine of a laptop cloud still has after stages were destroyed, in all its services, and why.

The engine writes the state of each service when it stops: one file a service, with stores of resources by name.
"""

import importlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ACCOUNT = "every account has it"
CDK = "`make bootstrap` made it, for all apps of the account"
RECORD = "a record of what was: AWS keeps it for some weeks, free of charge"
LOGS_ROLE = "ApiLogs stays: API Gateway and SNS write the logs of all stages with it"
KEPT = "a stage that keeps its data keeps it"
SENDER = "another stage may send from this address"
DELETING = "it waits 30 days for its deletion"
NUMBERS = "the numbers of deleted versions are not used again"
PROGRAM = "it belongs to the engine itself"
UNTAGGED = "the engine forgets no tags of a deleted table (services/dynamodb.py)"

REASONS: Mapping[str, Mapping[str, str]] = {
    "apigateway_v1.account_settings": {"settings": LOGS_ROLE},
    "clock.(rate|happened|first)": {"": PROGRAM},
    "cloudformation.change_sets": {".*cdk-bootstrap.*": CDK},
    "cloudformation.exports": {"CdkBootstrap-.*": CDK},
    "cloudformation.stack_events": {".*": RECORD},
    "cloudformation.stacks": {"CDKToolkit": CDK, "(dev|prod)-.*": RECORD},
    "cloudwatch.alarm_history": {"entries": RECORD},
    "cloudwatch_logs.log_groups": {".*prod-identity.*": KEPT},
    "cognito.user_pools": {".*": KEPT},
    "documentdb.port_counter": {"": PROGRAM},
    "dynamodb.tables": {"prod-.*": KEPT},
    "dynamodb.tags": {".*": UNTAGGED},
    "dynamodb.ttl_settings": {"prod-.*": KEPT},
    "ec2.*": {".*": ACCOUNT},
    "ecr.*": {"cdk-hnb659fds-.*": CDK},
    "elasticache.events": {"entries": RECORD},
    "elasticache.param_group.*": {"default.*": ACCOUNT},
    "elasticache.port_counter": {"": PROGRAM},
    "iam.aws_managed_attachment_counts": {".*": CDK},
    "iam.roles": {"cdk-hnb659fds-.*": CDK, ".*-api-logs-.*": LOGS_ROLE, "prod-identity-.*": KEPT},
    "iot.mqtt_broker": {".*": PROGRAM},
    "kms.keys": {"PendingDeletion": DELETING, "Enabled": KEPT},
    "lambda.functions": {"prod-identity-CheckSignUp.*": KEPT},
    "lambda.layers": {"prod-.*": KEPT, ".*": NUMBERS},
    "rds.port_counter": {"": PROGRAM},
    "s3.bucket.*": {"cdk-hnb659fds-.*": CDK},
    "secretsmanager.secrets": {"prod-orders-.*": KEPT},
    "ses._identities": {".*@.*": SENDER},
    "ses_v2._identities": {".*@.*": SENDER},
    "ssm.parameter.*": {"/cdk-bootstrap/.*": CDK},
    "ssm.tags": {".*cdk-bootstrap.*": CDK},
    "stepfunctions.executions": {".*:dev-reminders-.*": RECORD},
}
"""By service and store, and then by name: both are regular expressions."""


def of_engine(state: Path) -> dict[str, list[str]]:
    """The names in each store of the engine that is not empty. `state` is the folder that the engine has written."""
    persistence = importlib.import_module("ministack.core.persistence")
    found = {}
    for file in sorted((state / "engine").glob("*.json")):
        read = json.loads(file.read_text(), object_hook=persistence._json_object_hook)
        for store, content in read.get("payload", read).items():
            if names := _names(f"{file.stem}.{store}", content):
                found[f"{file.stem}.{store}"] = names
    return found


def _names(store: str, content: Any) -> list[str]:
    if hasattr(content, "_data"):
        # The last part of a key is the name, after the account and perhaps the region.
        named = {str(key[-1]): value for key, value in content._data.items()}
    elif isinstance(content, dict):
        named = content
    elif isinstance(content, list):
        return [str(one) for one in content]
    else:
        return [""] if content else []
    if store == "kms.keys":
        return [value["KeyState"] for value in named.values()]
    return list(named)


def unexplained(found: Mapping[str, list[str]]) -> list[str]:
    """What is left without a reason in REASONS, a line each."""
    return [f"{store}: {name}" for store, names in found.items() for name in names if not reason(store, name)]


def of_stages(found: Mapping[str, list[str]]) -> list[str]:
    """The names of the resources that stages have left. Two stores have other names than people see."""
    return [
        name
        for store, names in found.items()
        if store not in ("apigateway_v1.account_settings", "kms.keys")
        for name in names
        if reason(store, name) in (KEPT, LOGS_ROLE, SENDER)
    ]


def reason(store: str, name: str) -> str | None:
    for pattern, reasons in REASONS.items():
        if re.fullmatch(pattern, store):
            return next((why for one, why in reasons.items() if re.fullmatch(one, name, re.DOTALL)), None)
    return None


def unused(found: Mapping[str, list[str]]) -> list[str]:
    """The entries of REASONS that explain nothing."""
    return [
        f"{pattern}: {one}"
        for pattern, reasons in REASONS.items()
        for one in reasons
        if not any(
            re.fullmatch(pattern, store) and re.fullmatch(one, name, re.DOTALL)
            for store, names in found.items()
            for name in names
        )
    ]
