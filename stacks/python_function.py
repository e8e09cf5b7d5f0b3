"""Defaults for a Lambda function, and the layer of third-party packages."""

from collections.abc import Mapping
from functools import cache
from weakref import WeakKeyDictionary

from aws_cdk import Duration, RemovalPolicy, Stack
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks import layer
from stacks.function_code import code_of
from stacks.stage import Stage

# Each use of an attribute of CDK is a call of its Node process, so these are used once.
RUNTIME = lambda_.Runtime.PYTHON_3_13
ARCHITECTURE = lambda_.Architecture.ARM_64
DEBUG = lambda_.ApplicationLogLevel.DEBUG
TRACED = lambda_.Tracing.ACTIVE
LAMBDA = iam.ServicePrincipal("lambda.amazonaws.com")

_CODE: WeakKeyDictionary[Stack, dict[str, lambda_.Code]] = WeakKeyDictionary()


class DependencyLayer(lambda_.LayerVersion):
    """The packages of `lambdas/requirements.txt`, as `make layer` installs them into `build/layer`.

    `identity` changes with the packages.

    Only a stack whose functions read time zones needs `time_zones`, which adds the time zone database.

    Raises LayerNotBuiltError if the folder is missing or out of date. Synthesis downloads nothing.

    See decision D105.
    """

    def __init__(self, scope: Construct, id: str, *, stage: Stage, time_zones: bool = False) -> None:
        # The fingerprint identifies the layer. A hash of the files would differ from machine to machine, because pip
        # also writes records of the installation.
        identity = layer.require() if time_zones else f"{layer.require()} without time zones"
        self.identity = identity
        archive = layer.WITH_TIME_ZONES if time_zones else layer.WITHOUT_TIME_ZONES
        super().__init__(
            scope,
            id,
            code=lambda_.Code.from_asset(str(archive), asset_hash=identity),
            compatible_runtimes=[RUNTIME],
            compatible_architectures=[ARCHITECTURE],
            removal_policy=stage.removal_policy,
        )


class PythonFunction(lambda_.Function):
    """A function in `lambdas/`: Python 3.13 on arm64, with its own log group and a role that may write only there.

    `handler` is the import path below `lambdas/`, the same as in tests: `orders.get_order.handler`.
    `memory` is in MB and `timeout` in seconds. A function that imports third-party packages needs `dependencies`.
    `vpc` and `security_group` put the function into the isolated subnets.

    `traced` is False for a function that neither an API nor a workflow calls. Its calls come without X-Ray's decision,
    and Lambda would trace them at a rate that nobody can set.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        description: str,
        handler: str,
        memory: int,
        timeout: int,
        environment: Mapping[str, str],
        dependencies: lambda_.ILayerVersion | None = None,
        vpc: ec2.IVpc | None = None,
        security_group: ec2.ISecurityGroup | None = None,
        traced: bool = True,
    ) -> None:
        log_group = logs.LogGroup(
            scope, f"{id}LogGroup", retention=stage.log_retention, removal_policy=RemovalPolicy.DESTROY
        )
        role = iam.Role(scope, f"{id}Role", assumed_by=LAMBDA)
        log_group.grant_write(role)
        if vpc:
            _allow_network_access(role)
        self.log_name: str = log_group.log_group_name
        super().__init__(
            scope,
            id,
            description=description,
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            code=_code(Stack.of(scope), handler.partition(".")[0]),
            handler=handler,
            layers=[dependencies] if dependencies else None,
            memory_size=memory,
            timeout=_seconds(timeout),
            environment={**environment, **_debugging(stage)},
            role=role,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            system_log_level_v2=stage.system_log_level,
            # Lambda drops lines below this level, also the debug lines of the calls that the stage samples.
            application_log_level_v2=DEBUG if stage.debug_sample else stage.log_level,
            # CDK lets the role send traces. The permission is on "*", because X-Ray has no resources to name.
            # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html
            tracing=TRACED if stage.traces_sampled and traced else None,
            vpc=vpc,
            vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED) if vpc else None,
            security_groups=[security_group] if security_group else None,
        )


def named_functions(*functions: PythonFunction) -> dict[str, str]:
    """The names of the functions by their ids, and the names of their log groups by their ids and `Log`."""
    names = {function.node.id: function for function in functions}
    logs = {f"{id}Log": function.log_name for id, function in names.items()}
    return {**{id: function.function_name for id, function in names.items()}, **logs}


def _debugging(stage: Stage) -> dict[str, str]:
    """The variables of `common.logs`, if the stage samples debug lines."""
    if not stage.debug_sample:
        return {}
    return {"LOG_LEVEL": stage.log_level.value, "DEBUG_SAMPLE": f"{stage.debug_sample:g}"}


@cache
def _seconds(number: int) -> Duration:
    return Duration.seconds(number)


def _code(stack: Stack, package: str) -> lambda_.Code:
    """The code of a package, once for each stack, so that CDK does not read it again for each function."""
    codes = _CODE.setdefault(stack, {})
    if package not in codes:
        is_staged = not stack.node.try_get_context("aws:cdk:disable-asset-staging")
        codes[package] = code_of(package, is_staged=is_staged)
    return codes[package]


def _allow_network_access(role: iam.Role) -> None:
    # Lambda manages the function's network interfaces with this role. The resource is "*" because Lambda rejects
    # anything narrower: it checks the role before it knows which interfaces it will create.
    # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html#configuration-vpc-permissions
    role.add_to_policy(
        iam.PolicyStatement(
            actions=[
                "ec2:CreateNetworkInterface",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeSubnets",
                "ec2:DeleteNetworkInterface",
                "ec2:AssignPrivateIpAddresses",
                "ec2:UnassignPrivateIpAddresses",
            ],
            resources=["*"],
        )
    )
