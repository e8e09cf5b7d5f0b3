"""Why a resource stays after its stage is destroyed, what it costs, and how to remove it, as data.

`make docs` writes the same table into `docs/deploying.md`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from costs.prices import usd

GB = 10**9

Description = Mapping[str, Any]
"""The answer of the call that `Kind.look` names."""


def free(_: Description) -> float:
    return 0


@dataclass(frozen=True, kw_only=True)
class Reason:
    """Why something stays."""

    what: str

    why: str

    price: str
    """For people: what one of them costs in a month, in US dollars."""

    remove: str
    """How to remove it."""


@dataclass(frozen=True, kw_only=True)
class Kind(Reason):
    """One kind of resource that CloudFormation may keep, or that waits for its deletion."""

    look: tuple[str, str, str]
    """The service, the call and its argument that show whether the resource is still there. The argument is the
    resource's physical id; an empty one means that the call takes none."""

    is_there: Callable[[Description], bool] = bool
    """For calls that answer although the resource is gone."""

    usd_a_month: Callable[[Description], float] = free

    tagged: str = ""
    """How an ARN of this kind goes on after the account, if AWS lists it by its tags. The id follows."""

    by_arn: bool = False
    """Whether the whole ARN is the id."""


def _of_table(found: Description) -> float:
    kept = found["Table"].get("TableSizeBytes", 0) / GB
    return usd("dynamodb.gb_month", kept) + usd("dynamodb.backup_gb_month", kept)


def _of_key(found: Description) -> float:
    # https://aws.amazon.com/kms/pricing/: a key that is scheduled for deletion costs nothing.
    return 0 if found["KeyMetadata"]["KeyState"] == "PendingDeletion" else usd("idle.key_month", 1)


def _of_secret(found: Description) -> float:
    return 0 if "DeletedDate" in found else usd("idle.secret_month", 1)


def _of_log(found: Description) -> float:
    return usd("logs.stored_byte_month", sum(group.get("storedBytes", 0) for group in found["logGroups"]))


KINDS: Mapping[str, Kind] = {
    "AWS::ApiGateway::Account": Kind(
        what="setting of API Gateway",
        why="all APIs of the account and region write their logs with the role that it names",
        price="0",
        remove="nothing to do",
        look=("apigateway", "get_account", ""),
        is_there=lambda found: bool(found.get("cloudwatchRoleArn")),
    ),
    "AWS::IAM::Role": Kind(
        what="role, with its policy",
        why="API Gateway or SNS may write logs with it, or the kept user pool works with it",
        price="0",
        remove="if nothing uses it: `aws iam delete-role-policy`, then `aws iam delete-role`",
        look=("iam", "get_role", "RoleName"),
    ),
    "AWS::SES::EmailIdentity": Kind(
        what="sender",
        why="another stage may send from this address",
        price="0",
        remove="`aws sesv2 delete-email-identity`",
        look=("sesv2", "get_email_identity", "EmailIdentity"),
    ),
    "AWS::DynamoDB::Table": Kind(
        what="table",
        why="it holds the data of a stage that keeps its data",
        price="0.45 a GB, with its backup",
        remove="`aws dynamodb update-table --no-deletion-protection-enabled --table-name NAME`, then "
        "`aws dynamodb delete-table --table-name NAME`",
        look=("dynamodb", "describe_table", "TableName"),
        usd_a_month=_of_table,
        tagged="dynamodb:table/",
    ),
    "AWS::Cognito::UserPool": Kind(
        what="user pool, with its client and group",
        why="it holds the users of a stage that keeps its data",
        price="0 while nobody signs in",
        remove="the console: switch off deletion protection, then delete the pool",
        look=("cognito-idp", "describe_user_pool", "UserPoolId"),
        tagged="cognito-idp:userpool/",
    ),
    "AWS::Lambda::Function": Kind(
        what="function `CheckSignUp`",
        why="the kept user pool would reject every sign-up without it",
        price="0 while nobody signs up",
        remove="after the pool: `aws lambda delete-function`",
        look=("lambda", "get_function_configuration", "FunctionName"),
        tagged="lambda:function:",
    ),
    "AWS::Logs::LogGroup": Kind(
        what="log group of `CheckSignUp`",
        why="the function stays",
        price="0.03 a GB",
        remove="after the function: `aws logs delete-log-group`",
        look=("logs", "describe_log_groups", "logGroupNamePrefix"),
        is_there=lambda found: bool(found["logGroups"]),
        usd_a_month=_of_log,
        tagged="logs:log-group:",
    ),
    "AWS::KMS::Key": Kind(
        what="key",
        why="it decrypts what is kept; a stage that loses its data leaves it for 30 days, until AWS deletes it",
        price="1, and 1 more for each of its first two rotations; 0 while it waits for its deletion",
        remove="`aws kms schedule-key-deletion`",
        look=("kms", "describe_key", "KeyId"),
        usd_a_month=_of_key,
        tagged="kms:key/",
    ),
    "AWS::SecretsManager::Secret": Kind(
        what="secret",
        why="a kept table needs it to recognise repeated orders",
        price="0.40",
        remove="`aws secretsmanager delete-secret`",
        look=("secretsmanager", "describe_secret", "SecretId"),
        by_arn=True,
        usd_a_month=_of_secret,
        tagged="secretsmanager:secret:",
    ),
    "AWS::IAM::OIDCProvider": Kind(
        what="provider for GitHub",
        why="the workflows of all stages of the account sign in with it",
        price="0",
        remove="if no workflow uses it: `aws iam delete-open-id-connect-provider`",
        look=("iam", "get_open_id_connect_provider", "OpenIDConnectProviderArn"),
        tagged="iam:oidc-provider/",
        by_arn=True,
    ),
    "AWS::Lambda::LayerVersion": Kind(
        what="version of the Lambda layer",
        why="each deployment with changed requirements keeps the version before, so that you can go back",
        price="0",
        remove="`aws lambda delete-layer-version`",
        look=("lambda", "get_layer_version_by_arn", "Arn"),
    ),
}
"""By the type of the resource in CloudFormation."""

PARTS = frozenset(
    {
        "AWS::Cognito::UserPoolClient",
        "AWS::Cognito::UserPoolGroup",
        "AWS::IAM::Policy",
        "AWS::Lambda::Permission",
    }
)
"""Types of resources that stay and go together with another one, which the list names."""

DEPLOYER_STACK = Reason(
    what="stack of GitHub's roles",
    why="`make deployer` made it, and the workflows deploy the stage with it",
    price="0",
    remove="`aws cloudformation delete-stack`",
)
BACKUP = Reason(
    what="backup of a deleted table",
    why="DynamoDB keeps it for 35 days, if the table had continuous backups",
    price="0",
    remove="nothing to do",
)
LATE_LOG = Reason(
    what="log group",
    why="something wrote to it after its stack was deleted",
    price="0.03 a GB",
    remove="`aws logs delete-log-group`",
)
WELCOME = Reason(
    what="log group of API Gateway",
    why="API Gateway makes `/aws/apigateway/welcome` in each account and region that logs, and it never expires",
    price="0",
    remove="`aws logs delete-log-group`",
)
BOOTSTRAP = Reason(
    what="stack of CDK",
    why="other apps use `CDKToolkit`, which also holds the files of all deployments",
    price="0.023 a GB",
    remove="`cdk gc --unstable=gc` deletes the files that no stack uses",
)

REASONS = (*KINDS.values(), BACKUP, LATE_LOG, WELCOME, DEPLOYER_STACK, BOOTSTRAP)


def table() -> str:
    """REASONS, as a table of Markdown."""
    rows = [
        ("what", "why it stays", "USD a month", "remove it with"),
        ("---", "---", "---", "---"),
        *((one.what, one.why, one.price, one.remove) for one in REASONS),
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)
