"""Moves the alias of a function gradually, with CodeDeploy.

The laptop cloud's engine has no CodeDeploy, so only stages with `gradual` have these resources.
"""

from collections.abc import Sequence

from aws_cdk import Aws, CfnCodeDeployLambdaAliasUpdate, CfnUpdatePolicy
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.permissions import allow
from stacks.stage import Gradual

EVENTS = ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
"""CodeDeploy moves the alias back after each of these."""


class GradualAlias(Construct):
    """A deployment group that moves `alias` as `gradual` says, and back if one of `alarms`, which are names, goes off.

    CloudFormation lets CodeDeploy move the alias, waits for it, and rolls the stack back if CodeDeploy went back.
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-updatepolicy.html

    See decision D223.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        gradual: Gradual,
        alarms: Sequence[str],
        function: lambda_.IFunction,
        alias: lambda_.CfnAlias,
    ) -> None:
        super().__init__(scope, id)
        application = codedeploy.CfnApplication(self, "Application", compute_platform="Lambda")
        canary = codedeploy.CfnDeploymentConfig.TimeBasedCanaryProperty(
            canary_interval=gradual.minutes, canary_percentage=gradual.percent
        )
        speed = codedeploy.CfnDeploymentConfig(
            self,
            "Speed",
            compute_platform="Lambda",
            traffic_routing_config=codedeploy.CfnDeploymentConfig.TrafficRoutingConfigProperty(
                type="TimeBasedCanary", time_based_canary=canary
            ),
        )
        role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("codedeploy.amazonaws.com"))
        self._allow_moving(role, function)
        group = codedeploy.CfnDeploymentGroup(
            self,
            "Group",
            application_name=application.ref,
            deployment_config_name=speed.ref,
            service_role_arn=role.role_arn,
            deployment_style=codedeploy.CfnDeploymentGroup.DeploymentStyleProperty(
                deployment_type="BLUE_GREEN", deployment_option="WITH_TRAFFIC_CONTROL"
            ),
            alarm_configuration=codedeploy.CfnDeploymentGroup.AlarmConfigurationProperty(
                enabled=True, alarms=[codedeploy.CfnDeploymentGroup.AlarmProperty(name=name) for name in alarms]
            ),
            auto_rollback_configuration=codedeploy.CfnDeploymentGroup.AutoRollbackConfigurationProperty(
                enabled=True, events=EVENTS
            ),
        )
        # The group's name is enough to use it, so CloudFormation would not wait for the role's permissions.
        group.node.add_dependency(role)
        alias.cfn_options.update_policy = CfnUpdatePolicy(
            code_deploy_lambda_alias_update=CfnCodeDeployLambdaAliasUpdate(
                application_name=application.ref, deployment_group_name=group.ref
            )
        )

    def _allow_moving(self, role: iam.IRole, function: lambda_.IFunction) -> None:
        """What AWS's own policy AWSCodeDeployRoleForLambdaLimited allows on everything, without hooks and S3.

        https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForLambdaLimited.html
        """
        allow(role, "lambda:GetAlias", "lambda:UpdateAlias", on=function.function_arn)
        allow(role, "lambda:GetProvisionedConcurrencyConfig", on=f"{function.function_arn}:*")
        alarms = f"arn:{Aws.PARTITION}:cloudwatch:{Aws.REGION}:{Aws.ACCOUNT_ID}:alarm:*"
        # CodeDeploy may read the alarms by their names or all together, and AWS does not document which.
        allow(role, "cloudwatch:DescribeAlarms", on=alarms)
