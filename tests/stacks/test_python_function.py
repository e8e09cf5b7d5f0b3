from importlib import import_module
from importlib.util import find_spec

import pytest

from common.aws import BRIEFLY
from stacks import layer
from tests.proof.permissions.functions import reach_of
from tests.support.templates.expected import SEND_TRACES, WRITE_LOGS

API_GATEWAY_GIVES_UP_AFTER = 29

PACKAGES = {"Website": {"publishing"}, "Reminders": {"reminders", "sending", "sweep", "feedback"}}
"""The packages of a stack's functions, if not only the one with its name. `website` is the folder of the page."""


def variables_of(function) -> dict:
    """The environment variables of a function."""
    return function.get("Environment", {}).get("Variables", {})


def waited_for(deployment) -> dict[str, dict]:
    """The functions that an API or a workflow calls and waits for, by their paths."""
    called = {
        deployment.named(path.partition("/")[0], permission["FunctionName"])
        for path, permission in deployment.properties("AWS::Lambda::Permission").items()
        if permission["Principal"].startswith("apigateway.")
    } | {
        deployment.named(path.partition("/")[0], target)
        for path, workflow in deployment.properties("AWS::StepFunctions::StateMachine").items()
        for target in workflow["DefinitionSubstitutions"].values()
    }
    functions = deployment.properties("AWS::Lambda::Function")
    return {path: function for path, function in functions.items() if f"{path}.Arn" in called}


def of_the_cache(deployment) -> set[str]:
    """The functions that use the cache, if there is one."""
    has_cache = bool(deployment.properties("AWS::ElastiCache::ReplicationGroup"))
    return {"Orders/GetOrder", "Orders/UpdateCache"} if has_cache else set()


def test_callers_wait_longer_than_a_function_may_run(deployment):
    found = waited_for(deployment)

    assert len(found) > 10
    for path, function in found.items():
        assert function["Timeout"] < API_GATEWAY_GIVES_UP_AFTER, path


def test_every_function_runs_the_python_that_the_layer_is_built_for_on_arm64(deployment):
    for function in deployment.properties("AWS::Lambda::Function").values():
        assert (function["Runtime"], function["Architectures"]) == (f"python{layer.PYTHON}", ["arm64"])
    for one in deployment.properties("AWS::Lambda::LayerVersion").values():
        assert (one["CompatibleRuntimes"], one["CompatibleArchitectures"]) == ([f"python{layer.PYTHON}"], ["arm64"])


MAY_BE_MISSING = {"AWS_XRAY_DAEMON_ADDRESS", "LOG_LEVEL"}
"""Lambda sets the first one. The code reads the second one only with DEBUG_SAMPLE. Another test checks these two."""

NEVER_READ = {
    # A deletion leaves the orders that are accepted.
    "Account/DeleteAccount": {"FULFILLMENT_DEAD_LETTERS"},
}
"""Variables that this function never reads: only calls from other functions get there."""


def test_every_function_gets_the_variables_that_its_code_reads(deployment):
    """Some are read only when something has happened, such as a reminder that failed."""
    without = set() if deployment.stage.cache else {"REDIS_NAME", "REDIS_URL"}
    for path, function in deployment.properties("AWS::Lambda::Function").items():
        read = reach_of(function["Handler"]).variables - MAY_BE_MISSING - NEVER_READ.get(path, set()) - without
        assert not read - variables_of(function).keys(), path


def test_every_function_gets_the_settings_of_its_stage(deployment):
    stage = deployment.stage
    settings = {
        "ALLOWED_EMAILS": ",".join(stage.allowed_emails),
        "ALLOWED_ORIGIN": stage.allowed_origin,
        "ALLOWED_PHONES": ",".join(stage.allowed_phones),
        "CACHE": "on" if stage.cache else "off",
        "CACHE_BUDGET_MS": str(stage.cache.budget_ms) if stage.cache else "",
        "CARD_RULE": stage.card_rule,
        "DAYS_KEPT": str(stage.days_reminders_are_kept),
        "HOURS_LATE": str(stage.hours_reminders_may_be_late),
        "LOG_DAYS": str(stage.log_days),
        "MOST_SET_A_DAY": str(stage.limits.reminders_a_day),
        "MOST_TEXTS_A_DAY": str(stage.limits.texts_a_day),
        "MOST_WAITING": str(stage.limits.reminders_waiting),
        "ORDER_DAYS": str(stage.days_orders_are_kept),
        "ORDER_WORKFLOW_TYPE": stage.order_workflow_type.value,
        "SENDER": stage.sender,
        "STAGE": stage.name,
        "TRACES": "on" if stage.traces_sampled else "off",
    }
    seen = set()
    for path, function in deployment.properties("AWS::Lambda::Function").items():
        for name, value in variables_of(function).items():
            if name in settings:
                assert value == settings[name], (path, name)
                seen.add(name)

    assert seen == settings.keys() - (set() if stage.cache else {"CACHE_BUDGET_MS"})


def test_every_function_logs_json_to_its_own_group_and_may_write_only_there(deployment):
    for path, function in deployment.properties("AWS::Lambda::Function").items():
        log_group = deployment.named(path.partition("/")[0], function["LoggingConfig"]["LogGroup"])
        assert log_group == f"{path}LogGroup"
        assert function["LoggingConfig"]["LogFormat"] == "JSON"
        assert function["LoggingConfig"]["SystemLogLevel"] == deployment.stage.system_log_level.value
        writable = [
            statement["Resource"]
            for role, statement in deployment.statements()
            if role == f"{path}Role" and "logs:PutLogEvents" in statement["Action"]
        ]
        assert writable == [[f"{log_group}.Arn"]]


def test_a_function_logs_from_the_level_of_its_stage_on(deployment):
    """Lambda would drop the lines of sampled calls if its own level were not DEBUG."""
    stage = deployment.stage
    for path, function in deployment.properties("AWS::Lambda::Function").items():
        level, variables = function["LoggingConfig"]["ApplicationLogLevel"], variables_of(function)
        if stage.debug_sample:
            assert level == "DEBUG", path
            assert variables["LOG_LEVEL"] == stage.log_level.value
            assert float(variables["DEBUG_SAMPLE"]) == stage.debug_sample
        else:
            assert level == stage.log_level.value, path
            assert {"LOG_LEVEL", "DEBUG_SAMPLE"}.isdisjoint(variables)


def test_every_log_is_kept_as_long_as_its_stage_says(deployment):
    groups = deployment.properties("AWS::Logs::LogGroup")

    assert {group["RetentionInDays"] for group in groups.values()} == {deployment.days_of_logs}


def test_every_log_group_is_written_to_by_a_function_a_workflow_or_an_api(deployment):
    written = [
        (path, function["LoggingConfig"]["LogGroup"])
        for path, function in deployment.properties("AWS::Lambda::Function").items()
    ]
    for path, workflow in deployment.properties("AWS::StepFunctions::StateMachine").items():
        (destination,) = workflow["LoggingConfiguration"]["Destinations"]
        written.append((path, destination["CloudWatchLogsLogGroup"]["LogGroupArn"]))
    for path, stage in deployment.properties("AWS::ApiGateway::Stage").items():
        written.append((path, stage["AccessLogSetting"]["DestinationArn"]))

    groups = [deployment.named(path.partition("/")[0], group).partition(".")[0] for path, group in written]
    assert sorted(groups) == sorted(deployment.resources("AWS::Logs::LogGroup"))


def test_a_function_has_its_permissions_before_it_joins_the_network(with_cache):
    (function,) = [one for path, one in with_cache.resources("AWS::Lambda::Function").items() if "GetOrder" in path]

    assert any(dependency.startswith("GetOrderRoleDefaultPolicy") for dependency in function["DependsOn"])


def test_every_function_is_named_after_its_handler(deployment):
    for path, function in deployment.properties("AWS::Lambda::Function").items():
        app, module, name = function["Handler"].split(".")
        assert path.split("/")[-1].lower() == module.replace("_", "")
        stack = path.split("/")[0]
        assert app in PACKAGES.get(stack, {stack.lower()})
        assert name == "handler"
        assert find_spec(f"{app}.{module}")


@pytest.mark.parametrize("forbidden", ["KEY", "SECRET", "PASSWORD", "TOKEN", "ENDPOINT"])
def test_no_function_gets_a_secret_or_an_endpoint_of_aws(forbidden, deployment):
    for function in deployment.properties("AWS::Lambda::Function").values():
        assert not [name for name in variables_of(function) if forbidden in name]


def test_only_functions_that_use_the_cache_are_in_the_network(deployment):
    inside = {path for path, one in deployment.properties("AWS::Lambda::Function").items() if "VpcConfig" in one}

    assert inside == of_the_cache(deployment)


def test_only_functions_that_use_the_cache_know_its_address(deployment):
    told = {
        path: {name for name in variables_of(function) if name.startswith("REDIS")}
        for path, function in deployment.properties("AWS::Lambda::Function").items()
    }

    users = of_the_cache(deployment)
    assert told == {path: {"REDIS_URL", "REDIS_NAME"} if path in users else set() for path in told}


def test_the_lookup_gets_the_cache_budget_of_its_stage(with_cache):
    lookup = with_cache.properties("AWS::Lambda::Function")["Orders/GetOrder"]

    assert lookup["Environment"]["Variables"]["CACHE_BUDGET_MS"] == str(with_cache.stage.cache.budget_ms)


def test_cards_are_checked_by_the_rule_of_the_stage(deployment):
    verify = deployment.properties("AWS::Lambda::Function")["Orders/VerifyCCAndPrice"]

    assert variables_of(verify)["CARD_RULE"] == deployment.stage.card_rule


def test_an_api_function_runs_longer_than_a_hanging_call_and_its_clean_up(deployment):
    longest = (BRIEFLY.connect_timeout + BRIEFLY.read_timeout) * BRIEFLY.retries["total_max_attempts"]

    call_aws = {role for role, one in deployment.statements() if set(one["Action"]) - WRITE_LOGS - SEND_TRACES}
    for path, function in waited_for(deployment).items():
        if f"{path}Role" in call_aws:
            assert 2 * longest < function["Timeout"], path


def test_a_function_that_reads_a_queue_ends_in_time_and_holds_messages_briefly(deployment, monkeypatch):
    """This holds even if the last call hangs, and then the call that releases the messages."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    operator_queues = import_module("orders.operator_queues")
    longest = (BRIEFLY.connect_timeout + BRIEFLY.read_timeout) * BRIEFLY.retries["total_max_attempts"]

    for name in ("ListParked", "RemoveParked", "RedriveDeadLetters"):
        timeout = deployment.properties("AWS::Lambda::Function")[f"Orders/Operators/{name}"]["Timeout"]
        assert operator_queues.WORK_SECONDS + 2 * longest < timeout < operator_queues.HELD_SECONDS <= 30
