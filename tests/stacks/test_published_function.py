"""Functions that workflows call have versions, and workflows call the alias."""

import re

import pytest

from stacks.published_function import fingerprint_of

CODE = "0123456789abcdef" * 4
SETTINGS = {"code": {"s3Key": f"{CODE}.zip"}, "memorySize": 128, "environment": {"variables": {"TABLE": {"Ref": "T"}}}}


def test_workflows_call_functions_by_the_alias(deployment):
    aliases = {f"{path}/Live" for path in ("Orders/VerifyCCAndPrice", "Reminders/ScheduleReminder")}
    assert {*deployment.properties("AWS::Lambda::Alias")} == aliases
    workflows = deployment.properties("AWS::StepFunctions::StateMachine")
    called = {
        target
        for path, workflow in workflows.items()
        for name, value in workflow["DefinitionSubstitutions"].items()
        if name.endswith("Function")
        for target in [deployment.named(path.partition("/")[0], value)]
    }

    assert called == aliases


def test_the_alias_of_a_function_has_its_latest_version(deployment):
    versions = deployment.resources("AWS::Lambda::Version")
    functions = deployment.properties("AWS::Lambda::Function")

    for path, alias in deployment.properties("AWS::Lambda::Alias").items():
        stack, function = path.partition("/")[0], path.removesuffix("/Live")
        version = versions[f"{function}/Version"]
        assert alias["Name"] == "live"
        assert deployment.named(stack, alias["FunctionName"]) == function
        assert deployment.named(stack, alias["FunctionVersion"]) == f"{function}/Version.Version"
        # An alias can go back to an older version. `destroy` leaves none.
        assert (version["UpdateReplacePolicy"], version["DeletionPolicy"]) == ("Retain", "Delete")
        # Lambda refuses to publish a function that has not changed.
        assert functions[function]["Description"].endswith(version["Properties"]["Description"])
        assert len(functions[function]["Description"]) <= 256
        assert functions[function]["Code"]["S3Key"].removesuffix(".zip") in version["Properties"]["Description"]


def test_a_version_is_the_same_for_the_same_function():
    assert fingerprint_of(SETTINGS, layer="one") == fingerprint_of({**SETTINGS}, layer="one")
    assert re.fullmatch(rf"\(code {CODE}, settings [0-9a-f]{{16}}\)", fingerprint_of(SETTINGS, layer=""))


@pytest.mark.parametrize(
    ("change", "layer"),
    [
        ({"code": {"s3Key": f"{CODE[::-1]}.zip"}}, "one"),
        ({"memorySize": 256}, "one"),
        ({"environment": {"variables": {"TABLE": {"Ref": "Other"}}}}, "one"),
        ({"tracingConfig": {"mode": "Active"}}, "one"),
        ({}, "another"),
    ],
    ids=["code", "memory", "variable", "new setting", "layer"],
)
def test_each_change_of_a_function_makes_a_version(change, layer):
    assert fingerprint_of({**SETTINGS, **change}, layer=layer) != fingerprint_of(SETTINGS, layer="one")
