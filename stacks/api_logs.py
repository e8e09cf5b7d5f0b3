"""What lets API Gateway write logs at all, which it asks for once per account and region."""

from aws_cdk import RemovalPolicies, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from constructs import Construct


class ApiLogsStack(Stack):
    """The role in whose name API Gateway writes the logs of every REST API of this account and region.

    An API with access logs is refused while there is none, so the stacks with APIs depend on this one. The setting
    is the region's: the last stage deployed sets it, and a role that others had set gives way to this one, which
    may do the same. Everything here is kept on `cdk destroy`: the logs of other stages and other APIs depend on it.
    """

    def __init__(self, scope: Construct, id: str, *, stack_name: str) -> None:
        super().__init__(scope, id, stack_name=stack_name)

        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"))
        # API Gateway refuses a role without the permissions of AmazonAPIGatewayPushToCloudWatchLogs. They are written
        # out to hold them to this account and region; no narrower, because every API here logs in this role's name.
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
        role.add_to_policy(
            iam.PolicyStatement(
                actions=[
                    "logs:CreateLogGroup",
                    "logs:CreateLogStream",
                    "logs:DescribeLogGroups",
                    "logs:DescribeLogStreams",
                    "logs:FilterLogEvents",
                    "logs:GetLogEvents",
                    "logs:PutLogEvents",
                ],
                resources=[f"arn:{self.partition}:logs:{self.region}:{self.account}:log-group:*"],
            )
        )
        account = apigateway.CfnAccount(self, "Account", cloud_watch_role_arn=role.role_arn)
        # With its policy: API Gateway looks at the permissions when the role is set.
        account.node.add_dependency(role)
        RemovalPolicies.of(self).retain()
