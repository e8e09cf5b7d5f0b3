"""A state machine from a plain `.asl.json` file."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.stage import Stage
from stacks.versions import LIVE, Rollout, keep_older_versions

STATE_MACHINES = Path(__file__).parent.parent / "statemachines"


class PlaceholderError(ValueError):
    """The placeholders in an .asl.json file differ from the given values. CDK itself does not report this clearly."""


def load_definition(file_name: str, *, substitutions: Mapping[str, str]) -> str:
    """Returns the text of `statemachines/<file_name>`, with its `${Placeholders}`.

    Raises PlaceholderError if the names in `substitutions` differ from the placeholders in the file.
    """
    text = (STATE_MACHINES / file_name).read_text()
    placeholders = set(re.findall(r"\$\{([A-Za-z0-9]+)\}", text))
    if missing := placeholders - substitutions.keys():
        raise PlaceholderError(f"{file_name}: no value for {', '.join(sorted(missing))}")
    if surplus := substitutions.keys() - placeholders:
        raise PlaceholderError(f"{file_name}: no placeholder for {', '.join(sorted(surplus))}")
    return text


class Workflow(sfn.StateMachine):
    """A state machine with its own role, its own log group, and the alias `live`.

    Each deployment that changes the state machine publishes a version, and moves the alias to it. Callers start
    executions with `live`, the alias's ARN. Their permission names the state machine, as `grant_start_execution` does.
    Somebody may still start the state machine by its own ARN, and gets its latest definition.
    https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html
    See decision D221.

    Log entries contain no input and no output. They do contain the cause of each failure, in the words of the service
    that failed. `log_level` replaces the level of the stage. With FATAL there is only the entry about a failed
    execution's end, whose cause the state machine itself writes.

    `substitutions` holds the values of the `${Placeholders}` in the file. It grants no permissions: grant them
    to the workflow.

    `key` encrypts the executions and the log. It grants no permissions either.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        file_name: str,
        substitutions: Mapping[str, str],
        type: sfn.StateMachineType,
        rollout: Rollout,
        log_level: sfn.LogLevel | None = None,
        key: kms.IKey | None = None,
    ) -> None:
        definition = load_definition(file_name, substitutions=substitutions)
        log_group = logs.LogGroup(
            scope,
            f"{id}LogGroup",
            # API Gateway and Step Functions share one resource policy of at most 5,120 characters. Log groups with this
            # prefix need no entry in it.
            # https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
            log_group_name=f"/aws/vendedlogs/states/{stage.name}-{id}",
            retention=stage.log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        super().__init__(
            scope,
            id,
            state_machine_type=type,
            role=iam.Role(scope, f"{id}Role", assumed_by=iam.ServicePrincipal("states.amazonaws.com")),
            definition_body=sfn.DefinitionBody.from_string(definition),
            definition_substitutions=dict(substitutions),
            # CDK lets the role send traces and read sampling rules. X-Ray has no resources to name instead of "*".
            # https://docs.aws.amazon.com/step-functions/latest/dg/xray-iam.html
            tracing_enabled=bool(stage.traces_sampled),
            logs=sfn.LogOptions(
                destination=log_group, level=log_level or stage.workflow_log_level, include_execution_data=False
            ),
        )
        if key:
            # With `encryption_configuration`, CDK would also allow the role to use the key for a workflow whose name is
            # empty.
            cast(
                sfn.CfnStateMachine, self.node.default_child
            ).encryption_configuration = sfn.CfnStateMachine.EncryptionConfigurationProperty(
                type="CUSTOMER_MANAGED_KMS_KEY", kms_key_id=key.key_arn, kms_data_key_reuse_period_seconds=300
            )
        self.live = self._published(rollout)

    def _published(self, rollout: Rollout) -> str:
        """Adds a version of each revision, and the alias. Returns the alias's ARN."""
        revision = cast(sfn.CfnStateMachine, self.node.default_child).attr_state_machine_revision_id
        version = sfn.CfnStateMachineVersion(
            self, "Version", state_machine_arn=self.state_machine_arn, state_machine_revision_id=revision
        )
        keep_older_versions(version)
        alias = sfn.CfnStateMachineAlias(
            self,
            "Live",
            name=LIVE,
            deployment_preference=_preference(version.ref, rollout),
        )
        return alias.ref


def _preference(version: str, rollout: Rollout) -> sfn.CfnStateMachineAlias.DeploymentPreferenceProperty:
    """How the alias moves. CloudFormation itself moves it gradually."""
    prefer = sfn.CfnStateMachineAlias.DeploymentPreferenceProperty
    if not (gradual := rollout.gradual):
        return prefer(state_machine_version_arn=version, type="ALL_AT_ONCE")
    return prefer(
        state_machine_version_arn=version,
        type="CANARY",
        percentage=gradual.percent,
        interval=gradual.minutes,
        alarms=[*rollout.alarms],
    )
