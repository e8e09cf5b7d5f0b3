"""What X-Ray traces, and at which share."""

from dataclasses import replace

import pytest

from stacks.config import DEV
from stacks.traces import API, NOTHING_ELSE, PRIORITY, WORKFLOW
from tests.support.templates.deployment import synthesise_stage
from tests.support.templates.expected import SEND_TRACES, TRACE


@pytest.fixture(scope="module")
def untraced(tmp_path_factory):
    return synthesise_stage(tmp_path_factory.mktemp("cdk.out"), replace(DEV, traces_sampled=0, debug_sample=0))


def called(deployment) -> set[str]:
    """The functions that an API or a workflow calls, by their paths."""
    callers = {
        deployment.named(path.partition("/")[0], permission["FunctionName"])
        for path, permission in deployment.properties("AWS::Lambda::Permission").items()
        if permission["Principal"].startswith("apigateway.")
    } | {
        deployment.named(path.partition("/")[0], target)
        for path, workflow in deployment.properties("AWS::StepFunctions::StateMachine").items()
        for target in workflow["DefinitionSubstitutions"].values()
    }
    return {path for path in deployment.resources("AWS::Lambda::Function") if callers & {f"{path}.Arn", f"{path}/Live"}}


def may(deployment, role: str) -> set[str]:
    return {
        action
        for name, statement in deployment.statements()
        if name == role
        for action in statement["Action"]
        if action.startswith("xray:")
    }


def test_a_function_is_traced_if_its_caller_says_which_calls(deployment):
    """Lambda itself would decide about all other calls, at a rate that cannot be set."""
    wanted = {path for path in called(deployment) if not path.startswith("Account/")}

    assert len(wanted) > 10
    for path, function in deployment.properties("AWS::Lambda::Function").items():
        traced = path in wanted
        assert function.get("TracingConfig") == ({"Mode": "Active"} if traced else None), path
        assert may(deployment, f"{path}Role") == (set(SEND_TRACES) if traced else set()), path


def test_the_apis_of_orders_and_reminders_and_every_workflow_are_traced(deployment):
    """An operator's request to the account API has a person's e-mail address in its own address."""
    workflows = deployment.properties("AWS::StepFunctions::StateMachine")

    assert len(workflows) == 3
    for path, stage in deployment.properties("AWS::ApiGateway::Stage").items():
        assert stage["TracingEnabled"] is not path.startswith("Account/"), path
    for path, workflow in workflows.items():
        assert workflow["TracingConfiguration"] == {"Enabled": True}
        assert may(deployment, f"{path}Role") == TRACE


def rules(deployment) -> dict[str, dict]:
    return {path: rule["SamplingRule"] for path, rule in deployment.properties("AWS::XRay::SamplingRule").items()}


def test_the_stage_says_which_share_of_new_orders_and_reminders_is_traced(deployment):
    traced = {path: rule for path, rule in rules(deployment).items() if path.endswith("/Traces")}

    assert sorted((rule["HTTPMethod"], rule["URLPath"]) for rule in traced.values()) == [
        *[("*", "*")] * 2,
        ("POST", "*/orders"),
        ("POST", "*/reminders"),
    ]
    for path, rule in rules(deployment).items():
        assert rule["FixedRate"] == (deployment.stage.traces_sampled if path in traced else 0), path
        assert rule["ReservoirSize"] == 0, "X-Ray would trace more than the share"
        # Rules choose by the address and the resource, and X-Ray knows one version of rules.
        assert (rule["Host"], rule["Version"]) == ("*", 1), path
        assert rule["ServiceType"] in (API, WORKFLOW), path
        assert (rule["ServiceName"] == "*") == (rule["ServiceType"] == API), path
        # A rule that names neither would also count for other stages of the account.
        assert (rule["ResourceARN"], rule["ServiceName"]) != ("*", "*"), path
        assert rule["Priority"] == (PRIORITY if path in traced else NOTHING_ELSE) < 10_000


def test_no_request_is_traced_whose_address_has_a_value_that_somebody_typed(deployment):
    """X-Ray keeps whole addresses: `/orders/4242424242424242`, `/orders?text=Ada`, `/stop/TOKEN`."""
    apis = {path: rule for path, rule in rules(deployment).items() if rule["ServiceType"] == API}
    by_api: dict[str, list[dict]] = {}
    for path, rule in apis.items():
        by_api.setdefault(deployment.named(path.partition("/")[0], rule["ResourceARN"]), []).append(rule)

    traced = [
        path for path, stage in deployment.properties("AWS::ApiGateway::Stage").items() if stage["TracingEnabled"]
    ]
    assert len(by_api) == len(traced) == 2
    for first, last in (sorted(of, key=lambda rule: rule["Priority"]) for of in by_api.values()):
        resources = {
            deployment.path(stack, logical_id)
            for stack, template in deployment.templates.items()
            for logical_id, one in template["Resources"].items()
            if one["Type"] == "AWS::ApiGateway::Resource" and one["Properties"]["PathPart"] == first["URLPath"][2:]
        }
        assert first["HTTPMethod"] == "POST" and resources, "a route without a value in its path"
        assert (last["HTTPMethod"], last["URLPath"], last["FixedRate"]) == ("*", "*", 0), "for all other requests"


def test_the_names_of_rules_are_short_enough_and_unique(deployment):
    names = [rule["SamplingRule"]["RuleName"] for rule in deployment.properties("AWS::XRay::SamplingRule").values()]

    assert len(set(names)) == len(names)
    for name in names:
        # https://docs.aws.amazon.com/xray/latest/api/API_SamplingRule.html
        assert len(name) <= 32
        assert name.startswith(f"{deployment.stage.name}-")


@pytest.mark.long
def test_a_share_of_0_switches_traces_off(untraced):
    assert not [one for one in untraced.properties("AWS::Lambda::Function").values() if "TracingConfig" in one]
    assert not [one for one in untraced.properties("AWS::ApiGateway::Stage").values() if one["TracingEnabled"]]
    for workflow in untraced.properties("AWS::StepFunctions::StateMachine").values():
        assert not (workflow.get("TracingConfiguration") or {}).get("Enabled")
    assert not [one for _, one in untraced.statements() if any(action.startswith("xray:") for action in one["Action"])]
    for rule in untraced.properties("AWS::XRay::SamplingRule").values():
        assert rule["SamplingRule"]["FixedRate"] == 0


@pytest.mark.long
def test_a_share_of_0_changes_no_resource(untraced, synthesised):
    assert untraced.names_and_types() == synthesised("dev").names_and_types()
