from importlib.util import find_spec

import pytest

FUNCTIONS = {
    "Orders/PlaceOrder": (512, 20),
    "Orders/GetOrder": (512, 20),
    "Orders/VerifyCCAndPrice": (128, 5),
    "Reminders/CreateReminder": (512, 20),
    "Reminders/SendEmail": (256, 20),
}
API_GATEWAY_GIVES_UP_AFTER = 29


def test_memory_in_mb_and_time_out_in_seconds_are_chosen_for_each_function(deployment):
    functions = deployment.properties("AWS::Lambda::Function")

    assert {path: (each["MemorySize"], each["Timeout"]) for path, each in functions.items()} == FUNCTIONS
    assert all(each["Timeout"] < API_GATEWAY_GIVES_UP_AFTER for each in functions.values())


def test_every_function_runs_the_newest_python_on_arm64(deployment):
    for function in deployment.properties("AWS::Lambda::Function").values():
        assert (function["Runtime"], function["Architectures"]) == ("python3.13", ["arm64"])


def test_every_function_logs_json_to_a_group_of_its_own_and_may_write_to_no_other(deployment):
    for path, function in deployment.properties("AWS::Lambda::Function").items():
        log_group = deployment.named(path.partition("/")[0], function["LoggingConfig"]["LogGroup"])
        assert log_group == f"{path}LogGroup"
        assert function["LoggingConfig"]["LogFormat"] == "JSON"
        writable = [
            statement["Resource"]
            for role, statement in deployment.statements()
            if role == f"{path}Role" and "logs:PutLogEvents" in statement["Action"]
        ]
        assert writable == [[f"{log_group}.Arn"]]


def test_every_log_is_dropped_after_the_time_of_its_stage(deployment):
    groups = deployment.properties("AWS::Logs::LogGroup")

    workflows, apis = 2, 2
    assert len(groups) == len(FUNCTIONS) + workflows + apis
    assert {group["RetentionInDays"] for group in groups.values()} == {90 if deployment.stage.name == "prod" else 7}


def test_a_function_has_its_role_before_it_has_to_join_the_network(with_cache):
    (function,) = [one for path, one in with_cache.resources("AWS::Lambda::Function").items() if "GetOrder" in path]

    assert any(dependency.startswith("GetOrderRoleDefaultPolicy") for dependency in function["DependsOn"])


def test_every_function_is_named_after_its_handler(deployment):
    for path, function in deployment.properties("AWS::Lambda::Function").items():
        app, module, name = function["Handler"].split(".")
        assert path.lower() == f"{app}/{module}".replace("_", "")
        assert name == "handler"
        assert find_spec(f"{app}.{module}")


def test_functions_that_import_third_party_code_have_the_layer(deployment):
    layered = {path for path, one in deployment.properties("AWS::Lambda::Function").items() if one.get("Layers")}

    assert layered == {"Orders/PlaceOrder", "Orders/GetOrder", "Reminders/CreateReminder"}


@pytest.mark.parametrize("forbidden", ["KEY", "SECRET", "PASSWORD", "TOKEN", "ENDPOINT"])
def test_no_function_is_told_a_secret_or_where_aws_is(forbidden, deployment):
    for function in deployment.properties("AWS::Lambda::Function").values():
        assert not [name for name in function["Environment"]["Variables"] if forbidden in name]


def test_only_the_lookup_is_in_the_network(deployment):
    inside = {path for path, one in deployment.properties("AWS::Lambda::Function").items() if "VpcConfig" in one}

    assert inside == ({"Orders/GetOrder"} if deployment.stage.cache else set())


def test_only_the_lookup_knows_a_cache(deployment):
    told = {
        path: {name for name in function["Environment"]["Variables"] if name.startswith("REDIS")}
        for path, function in deployment.properties("AWS::Lambda::Function").items()
    }

    expected = {path: set() for path in FUNCTIONS}
    if deployment.stage.cache:
        expected["Orders/GetOrder"] = {"REDIS_URL", "REDIS_NAME"}
    assert told == expected
