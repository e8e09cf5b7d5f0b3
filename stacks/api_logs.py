"""The roles that let API Gateway and SNS write logs. Each account has one of each in each region."""

from aws_cdk import CfnOutput, RemovalPolicies, Stack
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from constructs import Construct


class ApiLogsStack(Stack):
    """The role that API Gateway uses to write the logs of every REST API in this account and region.

    API Gateway rejects an API with access logs while no role is set. So the stacks with APIs depend on this one.

    An account has one setting per region for this role. The stage deployed last sets it, and replaces any role that
    somebody set before. The new role has the permissions that every API needs. `cdk destroy` keeps everything here,
    because other stages and other APIs need it for their logs.

    The role of SNS waits for somebody to use it: CloudFormation has no resource for that setting. `make doctor` prints
    the commands.

    See decisions D103 and D200.
    """

    def __init__(self, scope: Construct, id: str, *, stack_name: str) -> None:
        super().__init__(scope, id, stack_name=stack_name)

        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"))
        # API Gateway rejects a role that lacks a permission of AmazonAPIGatewayPushToCloudWatchLogs. They are listed
        # here to limit them to this account and region. A narrower limit would exclude other APIs, which log with the
        # same role.
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
        # A dependency on the role includes its policy. API Gateway checks the permissions when the role is set.
        account.node.add_dependency(role)

        text_role = iam.Role(self, "TextLogsRole", assumed_by=iam.ServicePrincipal("sns.amazonaws.com"))
        # SNS writes two log groups for texts: one for those that arrived, and one for the others.
        # https://docs.aws.amazon.com/sns/latest/dg/sms_stats_cloudwatch.html
        text_role.add_to_policy(
            iam.PolicyStatement(
                actions=[
                    "logs:CreateLogGroup",
                    "logs:CreateLogStream",
                    "logs:PutLogEvents",
                    "logs:PutMetricFilter",
                    "logs:PutRetentionPolicy",
                ],
                resources=[f"arn:{self.partition}:logs:{self.region}:{self.account}:log-group:sns/*"],
            )
        )
        CfnOutput(self, "TextLogsRoleArn", value=text_role.role_arn)
        RemovalPolicies.of(self).retain()
