from importlib import import_module
from importlib.util import find_spec

import pytest

from common.aws import BRIEFLY
from stacks import layer

FUNCTIONS = {
    "Identity/CheckSignUp": (128, 5),
    "Orders/PlaceOrder": (512, 20),
    "Orders/CorrectOrder": (512, 20),
    "Orders/GetOrder": (512, 20),
    "Orders/ListOrders": (512, 20),
    "Orders/Operators/CloseOrder": (512, 20),
    "Orders/Operators/ListParked": (512, 25),
    "Orders/Operators/RemoveParked": (512, 25),
    "Orders/Operators/ListDeadLetters": (512, 20),
    "Orders/Operators/RedriveDeadLetters": (512, 25),
    "Orders/LostOrders/ParkLostOrders": (256, 60),
    "Orders/VerifyCCAndPrice": (128, 5),
    "Reminders/CreateReminder": (512, 20),
    "Reminders/ListReminders": (512, 20),
    "Reminders/GetReminder": (512, 20),
    "Reminders/CancelReminder": (512, 20),
    "Reminders/ScheduleReminder": (512, 20),
    "Reminders/NextOccurrence": (512, 20),
    "Reminders/SendEmail": (256, 20),
    "Reminders/LostReminders/SettleLostReminders": (512, 240),
    "Website/PublishSite": (512, 300),
}
WITH_CACHE = {"Orders/UpdateCache": (512, 30)}
NOT_CALLED_BY_THE_API = {
    "Identity/CheckSignUp",
    "Orders/LostOrders/ParkLostOrders",
    "Orders/UpdateCache",
    "Reminders/LostReminders/SettleLostReminders",
    "Website/PublishSite",
}
API_GATEWAY_GIVES_UP_AFTER = 29

PACKAGES = {"Website": "publishing"}
"""The package of a stack's functions if it does not have the stack's name: `website` is the folder of the page."""


def told_to(function) -> dict:
    """The environment variables of a function."""
    return function.get("Environment", {}).get("Variables", {})


def functions_of(deployment) -> dict[str, tuple[int, int]]:
    return FUNCTIONS | (WITH_CACHE if deployment.stage.cache else {})


def test_memory_in_mb_and_time_out_in_seconds_are_chosen_for_each_function(deployment):
    functions = deployment.properties("AWS::Lambda::Function")

    assert {path: (each["MemorySize"], each["Timeout"]) for path, each in functions.items()} == functions_of(deployment)
    for path in functions.keys() - NOT_CALLED_BY_THE_API:
        assert functions[path]["Timeout"] < API_GATEWAY_GIVES_UP_AFTER


def test_every_function_runs_the_python_that_the_layer_is_built_for_on_arm64(deployment):
    for function in deployment.properties("AWS::Lambda::Function").values():
        assert (function["Runtime"], function["Architectures"]) == (f"python{layer.PYTHON}", ["arm64"])


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
    assert len(groups) == len(functions_of(deployment)) + workflows + apis
    assert {group["RetentionInDays"] for group in groups.values()} == {90 if deployment.stage.name == "prod" else 7}


def test_a_function_has_its_role_before_it_has_to_join_the_network(with_cache):
    (function,) = [one for path, one in with_cache.resources("AWS::Lambda::Function").items() if "GetOrder" in path]

    assert any(dependency.startswith("GetOrderRoleDefaultPolicy") for dependency in function["DependsOn"])


def test_every_function_is_named_after_its_handler(deployment):
    for path, function in deployment.properties("AWS::Lambda::Function").items():
        app, module, name = function["Handler"].split(".")
        assert path.split("/")[-1].lower() == module.replace("_", "")
        stack = path.split("/")[0]
        assert PACKAGES.get(stack, stack.lower()) == app
        assert name == "handler"
        assert find_spec(f"{app}.{module}")


@pytest.mark.parametrize("forbidden", ["KEY", "SECRET", "PASSWORD", "TOKEN", "ENDPOINT"])
def test_no_function_is_told_a_secret_or_where_aws_is(forbidden, deployment):
    for function in deployment.properties("AWS::Lambda::Function").values():
        assert not [name for name in told_to(function) if forbidden in name]


def test_only_what_uses_the_cache_is_in_the_network(deployment):
    inside = {path for path, one in deployment.properties("AWS::Lambda::Function").items() if "VpcConfig" in one}

    assert inside == ({"Orders/GetOrder", "Orders/UpdateCache"} if deployment.stage.cache else set())


def test_only_what_uses_the_cache_knows_where_it_is(deployment):
    told = {
        path: {name for name in told_to(function) if name.startswith("REDIS")}
        for path, function in deployment.properties("AWS::Lambda::Function").items()
    }

    expected = {path: set() for path in functions_of(deployment)}
    if deployment.stage.cache:
        expected["Orders/GetOrder"] = expected["Orders/UpdateCache"] = {"REDIS_URL", "REDIS_NAME"}
    assert told == expected


def test_a_cache_that_does_not_answer_may_cost_a_lookup_what_its_stage_says(with_cache):
    lookup = with_cache.properties("AWS::Lambda::Function")["Orders/GetOrder"]

    assert lookup["Environment"]["Variables"]["CACHE_BUDGET_MS"] == str(with_cache.stage.cache.budget_ms)


def test_cards_are_checked_by_the_rule_of_the_stage(deployment):
    verify = deployment.properties("AWS::Lambda::Function")["Orders/VerifyCCAndPrice"]

    assert verify["Environment"]["Variables"] == {"CARD_RULE": deployment.stage.card_rule}


def test_a_call_that_hangs_and_one_to_clean_up_end_before_a_function_of_the_api_does(deployment):
    longest = (BRIEFLY.connect_timeout + BRIEFLY.read_timeout) * BRIEFLY.retries["total_max_attempts"]

    for path, function in deployment.properties("AWS::Lambda::Function").items():
        if path not in NOT_CALLED_BY_THE_API | {"Orders/VerifyCCAndPrice"}:
            assert 2 * longest < function["Timeout"]


def test_whoever_looks_through_a_queue_ends_in_time_and_else_lets_go_of_the_messages_soon(deployment, monkeypatch):
    """Even where the last call hangs, and the one that lets go as well."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    operator_queues = import_module("orders.operator_queues")
    longest = (BRIEFLY.connect_timeout + BRIEFLY.read_timeout) * BRIEFLY.retries["total_max_attempts"]

    for name in ("ListParked", "RemoveParked", "RedriveDeadLetters"):
        timeout = deployment.properties("AWS::Lambda::Function")[f"Orders/Operators/{name}"]["Timeout"]
        assert operator_queues.WORK_SECONDS + 2 * longest < timeout < operator_queues.HELD_SECONDS <= 30
