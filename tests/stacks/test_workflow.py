import re

import pytest

from stacks.workflow import PlaceholderError, load_definition

TEXT = '{"StartAt": "${First}", "States": {"a": "${Second1} and ${First}", "jsonata": "{% $states.input %}"}}'


@pytest.fixture
def definition(tmp_path) -> str:
    """The absolute path of a definition. With it, `load_definition` ignores its usual folder."""
    file = tmp_path / "test.asl.json"
    file.write_text(TEXT)
    return str(file)


def test_a_definition_is_loaded_unchanged(definition):
    assert load_definition(definition, substitutions={"First": "1", "Second1": "2"}) == TEXT


def test_a_placeholder_without_a_value_is_an_error_that_names_it(definition):
    with pytest.raises(PlaceholderError, match=r"test\.asl\.json: no value for First, Second1"):
        load_definition(definition, substitutions={})


def test_a_value_without_a_placeholder_is_an_error_that_names_it(definition):
    with pytest.raises(PlaceholderError, match=r"test\.asl\.json: no placeholder for Third"):
        load_definition(definition, substitutions={"First": "1", "Second1": "2", "Third": "3"})


def test_logs_of_a_workflow_contain_no_input_and_no_output(deployment):
    workflows = deployment.properties("AWS::StepFunctions::StateMachine")

    assert workflows
    for workflow in workflows.values():
        assert workflow["LoggingConfiguration"]["IncludeExecutionData"] is False
        assert len(workflow["LoggingConfiguration"]["Destinations"]) == 1


def test_the_log_of_the_reminder_workflow_quotes_no_phone_number(deployment):
    """Logs contain the cause of a failed task even without data. A cause from SNS quotes the number."""
    workflow = deployment.properties("AWS::StepFunctions::StateMachine")["Reminders/ReminderStateMachine"]

    assert workflow["LoggingConfiguration"]["Level"] == "FATAL"


def test_the_stage_says_what_the_order_workflow_logs(deployment):
    workflow = deployment.properties("AWS::StepFunctions::StateMachine")["Orders/OrderFulfillmentStateMachine"]

    assert workflow["LoggingConfiguration"]["Level"] == deployment.stage.workflow_log_level.value


def test_every_workflow_logs_to_a_group_of_its_own(deployment):
    destinations = [
        str(workflow["LoggingConfiguration"]["Destinations"])
        for workflow in deployment.properties("AWS::StepFunctions::StateMachine").values()
    ]

    assert len(set(destinations)) == len(destinations)
    names = [
        group["LogGroupName"]
        for group in deployment.properties("AWS::Logs::LogGroup").values()
        if group.keys() > {"RetentionInDays"}
    ]
    # Log groups of this name need no entry in the account's resource policy, which has room for few.
    # https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
    assert len(names) == len(destinations)
    assert all(re.fullmatch(rf"/aws/vendedlogs/states/{deployment.stage.name}-[A-Za-z]+", name) for name in names)


def test_definitions_are_in_the_template_and_not_in_a_bucket(deployment):
    for workflow in deployment.properties("AWS::StepFunctions::StateMachine").values():
        assert isinstance(workflow["DefinitionString"], str)
        assert "DefinitionS3Location" not in workflow


def test_each_revision_of_a_workflow_has_a_version_and_callers_get_the_latest(deployment):
    workflows = deployment.properties("AWS::StepFunctions::StateMachine")
    versions = deployment.resources("AWS::StepFunctions::StateMachineVersion")
    aliases = deployment.properties("AWS::StepFunctions::StateMachineAlias")

    assert [*versions] == [f"{path}/Version" for path in workflows]
    assert [*aliases] == [f"{path}/Live" for path in workflows]
    for path, version in versions.items():
        stack, workflow = path.partition("/")[0], path.removesuffix("/Version")
        named = {name: deployment.named(stack, value) for name, value in version["Properties"].items()}
        assert named == {
            "StateMachineArn": workflow,
            "StateMachineRevisionId": f"{workflow}.StateMachineRevisionId",
        }
        # An alias can go back to an older version. `destroy` leaves none.
        assert (version["UpdateReplacePolicy"], version["DeletionPolicy"]) == ("Retain", "Delete")
        alias = aliases[f"{workflow}/Live"]
        assert alias["Name"] == "live"
        assert deployment.named(stack, alias["DeploymentPreference"]["StateMachineVersionArn"]) == path


def test_whoever_starts_a_workflow_starts_its_alias(deployment):
    """Their permission is on the workflow, as AWS checks it. Executions that wait for a year do not need the alias."""
    starters = {
        role.removesuffix("Role"): resource
        for role, statement in deployment.statements()
        for resource in statement.get("Resource", [])
        if "states:StartExecution" in statement["Action"]
    }
    workflows = deployment.properties("AWS::StepFunctions::StateMachine")
    variables = {
        path: one.get("Environment", {}).get("Variables", {})
        for path, one in deployment.properties("AWS::Lambda::Function").items()
    }

    assert starters.pop("Reminders/ReminderStateMachine") == "Reminders/ReminderDelivery"
    assert len(starters) == 6
    for starter, workflow in starters.items():
        named = {deployment.named(starter.partition("/")[0], value) for value in variables[starter].values()}
        assert workflow in workflows
        assert f"{workflow}/Live" in named
        assert workflow not in named
