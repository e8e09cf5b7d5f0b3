"""A stage can move the aliases gradually, and back if an alarm goes off."""

import pytest

from local.settings import PROJECT
from stacks.alarms import alarm_name
from stacks.config import PROD
from stacks.order_alarms import order_alarms
from stacks.reminder_alarms import reminder_alarms
from stacks.stage import Gradual

DEPLOYING = (PROJECT / "docs" / "deploying.md").read_text()
GRADUAL = Gradual(percent=10, minutes=5)
OWN = {"Orders": order_alarms, "Reminders": reminder_alarms}
UNREAD = {"Reminders/ReminderDelivery/Live"}
"""Its only caller, the reminder workflow, starts the latest definition."""


def going_back(stack: str) -> list[str]:
    alarms = [alarm for alarm in OWN[stack](PROD.alarms) if alarm.rolls_back]
    return [alarm_name(PROD, stack, alarm) for alarm in alarms]


def of_codedeploy(deployment, path: str) -> list[dict]:
    """The properties of the resource at this path."""
    return [one["Properties"] for at, one in deployment.resources("AWS::CodeDeploy::").items() if at == path]


@pytest.fixture
def prod(synthesised):
    return synthesised("prod")


def test_production_is_deployed_gradually():
    assert PROD.gradual == GRADUAL


@pytest.mark.parametrize("name", ["local", "dev"])
def test_other_stages_move_workflows_at_once(name, synthesised):
    for alias in synthesised(name).properties("AWS::StepFunctions::StateMachineAlias").values():
        assert alias["DeploymentPreference"].keys() == {"StateMachineVersionArn", "Type"}
        assert alias["DeploymentPreference"]["Type"] == "ALL_AT_ONCE"


def test_cloudformation_moves_workflows_for_a_share_of_the_executions_first(prod):
    aliases = prod.properties("AWS::StepFunctions::StateMachineAlias")

    assert len(aliases.keys() - UNREAD) == 2
    for path in aliases.keys() - UNREAD:
        preference = aliases[path]["DeploymentPreference"]
        assert (preference["Type"], preference["Percentage"], preference["Interval"]) == ("CANARY", 10, 5)
        assert preference["Alarms"] == going_back(path.partition("/")[0])
    for path in UNREAD:
        assert aliases[path]["DeploymentPreference"]["Type"] == "ALL_AT_ONCE"


def test_codedeploy_moves_functions_for_a_share_of_the_calls_first(prod):
    aliases, groups = prod.resources("AWS::Lambda::Alias"), prod.properties("AWS::CodeDeploy::DeploymentGroup")

    assert {*groups} == {path.replace("/Live", "/Gradual/Group") for path in aliases}
    for path, alias in aliases.items():
        stack, gradual = path.partition("/")[0], path.replace("/Live", "/Gradual")
        group = groups[f"{gradual}/Group"]
        moves = alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]
        named = {name: prod.named(stack, value) for name, value in moves.items()}
        assert named == {"ApplicationName": f"{gradual}/Application", "DeploymentGroupName": f"{gradual}/Group"}
        assert prod.named(stack, group["ApplicationName"]) == f"{gradual}/Application"
        assert prod.named(stack, group["DeploymentConfigName"]) == f"{gradual}/Speed"
        assert prod.named(stack, group["ServiceRoleArn"]) == f"{gradual}/Role.Arn"
        speed = prod.properties("AWS::CodeDeploy::DeploymentConfig")[f"{gradual}/Speed"]["TrafficRoutingConfig"]
        assert speed["Type"] == "TimeBasedCanary"
        assert speed["TimeBasedCanary"] == {"CanaryInterval": 5, "CanaryPercentage": 10}
        assert group["AlarmConfiguration"]["Enabled"] is True
        assert [one["Name"] for one in group["AlarmConfiguration"]["Alarms"]] == going_back(stack)
        assert group["AutoRollbackConfiguration"]["Enabled"] is True
        assert group["AutoRollbackConfiguration"]["Events"] == [
            "DEPLOYMENT_FAILURE",
            "DEPLOYMENT_STOP_ON_ALARM",
            "DEPLOYMENT_STOP_ON_REQUEST",
        ]
        # CodeDeploy knows no other style for functions.
        assert group["DeploymentStyle"] == {
            "DeploymentOption": "WITH_TRAFFIC_CONTROL",
            "DeploymentType": "BLUE_GREEN",
        }
        for part in ("Application", "Speed"):
            (platform,) = {one["ComputePlatform"] for one in of_codedeploy(prod, f"{gradual}/{part}")}
            assert platform == "Lambda"


@pytest.mark.parametrize("stack", OWN)
def test_an_alarm_that_goes_back_exists_and_does_not_wait_for_many_minutes(stack, prod):
    """CloudWatch takes an alarm that does not exist for one that is off. CodeDeploy accepts ten alarms."""
    names = going_back(stack)
    alarms = {one["AlarmName"]: one for one in prod.properties("AWS::CloudWatch::Alarm").values()}

    assert 1 <= len(names) <= 10
    for name in names:
        assert alarms[name]["Period"] * alarms[name]["DatapointsToAlarm"] <= 60 * GRADUAL.minutes / 2


@pytest.mark.parametrize("stack", OWN)
def test_the_document_names_the_alarms_that_go_back(stack):
    titles = ", ".join(f"*{alarm.title}*" for alarm in OWN[stack](PROD.alarms) if alarm.rolls_back)

    assert f"{stack}: {titles}." in " ".join(DEPLOYING.split())
