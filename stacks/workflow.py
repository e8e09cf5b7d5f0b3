"""A state machine from a plain `.asl.json` file."""

import re
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks.config import Stage

STATE_MACHINES = Path(__file__).parent.parent / "statemachines"


class PlaceholderError(ValueError):
    """The placeholders of an .asl.json file and the values given for it differ; CDK itself says little or nothing."""


def load_definition(file_name: str, *, substitutions: Mapping[str, str]) -> str:
    """The text of `statemachines/<file_name>`, with its `${Placeholders}` still in it.

    Raises PlaceholderError unless `substitutions` names exactly the placeholders in the file.
    """
    text = (STATE_MACHINES / file_name).read_text()
    placeholders = set(re.findall(r"\$\{([A-Za-z0-9]+)\}", text))
    if missing := placeholders - substitutions.keys():
        raise PlaceholderError(f"{file_name}: no value for {', '.join(sorted(missing))}")
    if surplus := substitutions.keys() - placeholders:
        raise PlaceholderError(f"{file_name}: no placeholder for {', '.join(sorted(surplus))}")
    return text


class Workflow(sfn.StateMachine):
    """A state machine with its own role and its own log group, whose entries carry no input and no output.

    They do carry the cause of every failure, in the words of the service that failed. `log_level` says which entries
    there are. FATAL leaves only the end of an execution, whose cause comes from the state machine itself.

    The file names its targets in `${Placeholders}`; `substitutions` gives their values. Neither grants anything:
    grant each target to the workflow.
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
        log_level: sfn.LogLevel = sfn.LogLevel.ALL,
        encryption: sfn.EncryptionConfiguration | None = None,
    ) -> None:
        definition = load_definition(file_name, substitutions=substitutions)
        log_group = logs.LogGroup(
            scope,
            f"{id}LogGroup",
            # API Gateway and Step Functions share one resource policy of 5,120 characters; this prefix keeps them out.
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
            encryption_configuration=encryption,
            logs=sfn.LogOptions(destination=log_group, level=log_level, include_execution_data=False),
        )
