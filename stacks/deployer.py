"""Roles with which the workflows of a repository on GitHub deploy a stage, without credentials. Optional.

`make deployer` deploys this stack. It belongs to no app, so `make deploy` and `make destroy` leave it alone.
See decision D234.
"""

import re
from collections.abc import Mapping

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from stacks.spending import tags_of
from stacks.stage import Stage
from stacks.stage_checks import InvalidStageError

ISSUER = "token.actions.githubusercontent.com"
AUDIENCE = "sts.amazonaws.com"
QUALIFIER = "hnb659fds"
"""What CDK puts into the names of the bootstrap's roles, unless somebody bootstraps with another qualifier."""

HOURS = 3
"""The longest session: longer than a gradual deployment and its verification."""

_NAME = r"[A-Za-z0-9_.-]+(?:@[0-9]+)?"
REPOSITORY = re.compile(rf"{_NAME}/{_NAME}")
"""`owner/name`, or with GitHub's immutable ids `owner@1/name@2`, which repositories created since July 2026 have.
https://docs.github.com/en/actions/reference/security/oidc#immutable-subject-claims"""

OF_THE_ACCOUNT = (
    "cloudwatch:DescribeAlarms",
    "cloudwatch:GetMetricStatistics",
    "lambda:GetAccountSettings",
    "logs:GetQueryResults",
    "servicequotas:GetServiceQuota",
    "ses:GetAccount",
    "ses:GetEmailIdentity",
    "ses:GetIdentityVerificationAttributes",
    "sns:GetSMSAttributes",
    "sns:GetSMSSandboxAccountStatus",
    "sns:ListOriginationNumbers",
)
"""Calls about the whole account. They change nothing, and IAM knows no resource for most of them."""

TEMPLATES = ("cloudformation:DescribeStacks", "cloudformation:GetTemplate")

TAKE = ("sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:ReceiveMessage")

OF_THE_STAGE: Mapping[str, tuple[str, ...]] = {
    "cloudformation:stack/{stage}-*": (
        *TEMPLATES,
        "cloudformation:DeleteChangeSet",
        "cloudformation:DescribeChangeSet",
        "cloudformation:ListStackResources",
    ),
    # The role for the logs of all APIs. The stage that was deployed first has it.
    "iam:role/*-api-logs-*": ("iam:GetRole",),
    # The sweeps. Their next call comes within five minutes anyway.
    "lambda:function:{stage}-orders-LostOrders*": ("lambda:InvokeFunction",),
    "lambda:function:{stage}-reminders-LostReminders*": ("lambda:InvokeFunction",),
    "logs:log-group:{stage}-*": ("logs:StartQuery",),
    "logs:log-group:*": ("logs:DescribeSubscriptionFilters",),
    "sns:{stage}-*": ("sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic"),
    "sqs:{stage}-*": ("sqs:GetQueueAttributes",),
    "sqs:{stage}-orders-EscalationQueue*": TAKE,
    "sqs:{stage}-orders-OrderFulfillmentQueue*": TAKE,
    "ssm:parameter/cdk-bootstrap/*": ("ssm:GetParameter",),
}
"""What the doctor, the guards and `make verify` call. CloudFormation begins these resources' names with the stage."""

WITH_THE_TAG: Mapping[str, tuple[str, ...]] = {
    "cognito-idp:userpool/*": (
        "cognito-idp:AdminAddUserToGroup",
        "cognito-idp:AdminCreateUser",
        "cognito-idp:AdminDeleteUser",
        "cognito-idp:AdminGetUser",
        "cognito-idp:AdminListGroupsForUser",
        "cognito-idp:AdminRemoveUserFromGroup",
        "cognito-idp:AdminSetUserPassword",
        "cognito-idp:ListUsers",
        "cognito-idp:ListUsersInGroup",
    ),
    "states:stateMachine:*": ("states:StartExecution",),
}
"""The same for resources whose names do not begin with the stage. They have its tag."""


class DeployerStack(Stack):
    def __init__(self, scope: Construct, id: str, *, stage: Stage, repository: str, provider: str, stack_name: str):
        """`repository` is `owner/name` on GitHub. `provider` is `new`, or `existing` if the account has one already.

        Raises InvalidStageError if either is invalid.
        """
        super().__init__(scope, id, stack_name=stack_name)
        if not REPOSITORY.fullmatch(repository):
            raise InvalidStageError(
                f"{repository!r} is not a repository on GitHub: use owner/name, or owner@1/name@2 with GitHub's ids"
            )
        if provider not in ("new", "existing"):
            raise InvalidStageError(f"unknown provider setting {provider!r}; use new or existing")
        self._stage = stage.name
        self._repository = repository
        self._provider = self._of_github(provider)

        deploys = self._role("Deploy", f"environment:{stage.name}", f"Deploys and verifies the stage {stage.name}.")
        self._let(
            deploys, "sts:AssumeRole", on=[self._bootstrap(name) for name in ("deploy", "file-publishing", "lookup")]
        )
        self._let(deploys, *OF_THE_ACCOUNT, on=["*"])
        self._let(deploys, "apigateway:GET", on=[f"arn:{self.partition}:apigateway:{self.region}::/account"])
        for resource, actions in OF_THE_STAGE.items():
            self._let(deploys, *actions, on=[self._arn(resource)])
        name = stage.notify_parameter
        self._let(deploys, "ssm:GetParameter", on=[self._arn(f"ssm:parameter/{name}")])
        tagged = {"StringEquals": {"aws:ResourceTag/stage": stage.name}}
        for resource, actions in WITH_THE_TAG.items():
            self._let(deploys, *actions, on=[self._arn(resource)], only_if=tagged)
        # The workflow encrypts the input of executions with the permissions of the caller.
        through = {"StringEquals": {"kms:ViaService": f"states.{self.region}.amazonaws.com", **tagged["StringEquals"]}}
        self._let(deploys, "kms:Decrypt", "kms:GenerateDataKey", on=[self._arn("kms:key/*")], only_if=through)

        # CDK's lookup role could read everybody's orders, so the code of a pull request must not use it.
        compares = self._role("Compare", "pull_request", f"Reads the templates of the stage {stage.name}.")
        self._let(compares, *TEMPLATES, on=[self._arn("cloudformation:stack/{stage}-*")])

        CfnOutput(self, "DeployRoleArn", value=deploys.role_arn)
        CfnOutput(self, "CompareRoleArn", value=compares.role_arn)
        for tag, value in tags_of(id, stage=stage).items():
            self.tags.set_tag(tag, value)

    def _of_github(self, provider: str) -> str:
        """The ARN of the account's provider for GitHub. An account has at most one."""
        if provider == "existing":
            return f"arn:{self.partition}:iam::{self.account}:oidc-provider/{ISSUER}"
        # Other repositories may use it too, so it stays if this stack is deleted.
        made = iam.OidcProviderNative(
            self,
            "GitHub",
            url=f"https://{ISSUER}",
            client_ids=[AUDIENCE],
            removal_policy=RemovalPolicy.RETAIN,
        )
        return made.oidc_provider_arn

    def _role(self, id: str, subject: str, description: str) -> iam.Role:
        only = {f"{ISSUER}:aud": AUDIENCE, f"{ISSUER}:sub": f"repo:{self._repository}:{subject}"}
        return iam.Role(
            self,
            id,
            description=description,
            assumed_by=iam.WebIdentityPrincipal(self._provider, {"StringEquals": only}),
            max_session_duration=Duration.hours(HOURS),
        )

    def _let(
        self, role: iam.Role, *actions: str, on: list[str], only_if: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        role.add_to_policy(iam.PolicyStatement(actions=[*actions], resources=on, conditions=only_if))

    def _bootstrap(self, name: str) -> str:
        role = f"cdk-{QUALIFIER}-{name}-role-{self.account}-{self.region}"
        return f"arn:{self.partition}:iam::{self.account}:role/{role}"

    def _arn(self, resource: str) -> str:
        """The ARN of `service:resource`, with the stage for `{stage}`."""
        service, _, rest = resource.replace("{stage}", self._stage).partition(":")
        region = "" if service == "iam" else self.region
        return f"arn:{self.partition}:{service}:{region}:{self.account}:{rest}"
