"""A function on the laptop has the packages and variables that it will have on AWS, and nothing more."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest

from local.cloud import Cloud
from local.engine_patches import workers
from local.settings import REGION
from stacks import layer
from tests.support.names import unique
from tests.support.waiting import eventually

CODE = """
import importlib, logging, os, sys, threading, time

print("imported")


def handler(event, context):
    match event:
        case {"import": names}:
            return [name for name in names if can_import(name)]
        case {"version of": name}:
            module = importlib.import_module(name)
            return [module.__version__, module.__file__]
        case {"log": lines}:
            for number in range(lines):
                (print if number % 2 else logging.warning)(f"{context.aws_request_id} {number}")
            sys.stderr.write(f"{context.aws_request_id} unfinished")
        case {"raise": name}:
            raise type(name, (Exception,), {})("on purpose")
        case {"sleep": seconds}:
            time.sleep(seconds)
        case {"write": text}:
            logging.getLogger("orders").info("%s", text, extra={"OrderId": "A-1"})
            logging.getLogger("orders").debug("too much")
            try:
                raise LookupError("on purpose")
            except LookupError:
                logging.exception("it failed")
        case {"begun": begun, "end": end}:
            open(begun, "w").close()
            while not os.path.exists(end):
                time.sleep(0.01)
        case "exit":
            print("before the end", flush=True)
            os._exit(3)
    return {"pid": os.getpid(), "folder": os.getcwd(), "variables": dict(os.environ), "path": sys.path}


def can_import(name):
    try:
        importlib.import_module(name)
    except ImportError:
        return False
    return True
"""

OF_THE_LAYER = {file.stem for file in (layer.LAYER / "python").iterdir() if file.suffix in ("", ".py")}
OURS_ALONE = {
    "ministack",
    "pytest",
    "moto",
    "hypothesis",
    "rich",
    "jsonata",
    "local",
    "tests",
    "stacks",
    "terminal",
    "tools",
}
OF_LAMBDA = {"boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3", "sqlite3", "zoneinfo"}


def archive(code: str = CODE) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as files:
        files.writestr("probe.py", code)
    return content.getvalue()


Call = Callable[..., Any]


@pytest.fixture(scope="module")
def role(cloud: Cloud) -> str:
    trust = {"Service": "lambda.amazonaws.com"}
    policy = {"Statement": [{"Effect": "Allow", "Principal": trust, "Action": "sts:AssumeRole"}]}
    name = unique("functions-")
    made = cloud.engine.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(policy))
    return str(made["Role"]["Arn"])


@pytest.fixture
def make(cloud: Cloud, role: str) -> Iterator[Callable[..., str]]:
    """Makes a function and returns its name."""
    client, made = cloud.engine.client("lambda"), []

    def make(code: str = CODE, **settings: Any) -> str:
        made.append(unique("probe-"))
        client.create_function(
            FunctionName=made[-1],
            Runtime="python3.13",
            Handler="probe.handler",
            Role=role,
            Code={"ZipFile": archive(code)},
            **{"Timeout": 30, **settings},
        )
        return made[-1]

    yield make
    for name in made:
        client.delete_function(FunctionName=name)


@pytest.fixture
def call(cloud: Cloud) -> Call:
    """Calls a function and returns its answer."""

    def call(name: str, event: Any = None) -> Any:
        answer = cloud.engine.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    return call


@pytest.fixture
def layer_arn(cloud: Cloud) -> str:
    """The layer of the orders' functions."""
    functions = cloud.engine.client("lambda").get_paginator("list_functions").paginate().search("Functions")
    [arn] = {
        one["Arn"]
        for function in functions
        if function["FunctionName"].startswith("local-orders-")
        for one in function.get("Layers", ())
    }
    return str(arn)


def processes(cloud: Cloud, function: str) -> list[psutil.Process]:
    engine = cloud.engine.daemon.process()
    assert engine
    found = []
    for one in engine.children(recursive=True):
        # A process of a function that another test has deleted may end now.
        with suppress(psutil.NoSuchProcess):
            found += [one] if one.environ().get("AWS_LAMBDA_FUNCTION_NAME") == function else []
    return found


def test_a_function_can_import_only_what_lambda_has(make: Callable[..., str], call: Call) -> None:
    found = call(make(), {"import": sorted(OF_LAMBDA | OF_THE_LAYER | OURS_ALONE)})

    assert set(found) == OF_LAMBDA


def test_a_function_with_the_layer_can_import_the_layer_too(
    make: Callable[..., str], call: Call, layer_arn: str
) -> None:
    found = call(make(Layers=[layer_arn]), {"import": sorted(OF_LAMBDA | OF_THE_LAYER | OURS_ALONE)})

    assert set(found) == OF_LAMBDA | OF_THE_LAYER - {"tzdata"}


def test_a_function_runs_with_the_boto3_that_the_project_pins(make: Callable[..., str], call: Call) -> None:
    version, _ = call(make(), {"version of": "boto3"})

    assert version == boto3.__version__


def test_a_function_sees_lambdas_variables_and_its_own(make: Callable[..., str], call: Call, cloud: Cloud) -> None:
    name = make(Environment={"Variables": {"MINE": "1", "AWS_REGION": "not mine to say"}})

    variables = call(name)["variables"]

    assert set(variables) == {
        *("PATH", "HOME", "TMPDIR", "LANG", "TZ", "PYTHONTZPATH", "PYTHONPATH"),
        *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV", "AWS_LAMBDA_FUNCTION_NAME"),
        *("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_LOG_STREAM_NAME"),
        "AWS_LAMBDA_LOG_FORMAT",
        *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"),
        *("LAMBDA_TASK_ROOT", "_HANDLER", "MINE"),
        # The laptop's own.
        *("AWS_ENDPOINT_URL", "AWS_DISABLE_HOST_PREFIX_INJECTION"),
        *("_LAMBDA_TIMEOUT", "_LAMBDA_LAYERS_DIRS", "_MINISTACK_INVOKE_DEPTH"),
    }
    assert (variables["MINE"], variables["AWS_REGION"]) == ("1", REGION)
    assert variables["AWS_ACCESS_KEY_ID"].startswith("ASIA"), "a role's key, and not the engine's"
    assert Path(variables["HOME"]).is_relative_to(cloud.settings.home)


def test_every_function_of_the_apps_can_be_imported(cloud: Cloud, call: Call) -> None:
    functions = cloud.engine.client("lambda").get_paginator("list_functions").paginate().search("Functions")
    ours = [one["FunctionName"] for one in functions if one["FunctionName"].startswith("local-")]

    # No function expects this event. Most raise an exception that says so.
    answers = {name: call(name, {"nothing": "to do"}) for name in ours}

    assert len(answers) > 20
    assert not {name for name, answer in answers.items() if "Unable to import" in str(answer)}


def test_an_exception_is_reported_with_its_class_and_the_process_continues(
    make: Callable[..., str], call: Call
) -> None:
    name = make()
    before = call(name)["pid"]

    answer = call(name, {"raise": "MessageRejected"})

    assert (answer["errorType"], answer["errorMessage"]) == ("MessageRejected", "on purpose")
    assert call(name)["pid"] == before


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("import redis", "No module named 'redis'"),
        ("1 / 0", "division by zero"),
        ("def handler(", "was never closed"),
        ("import os; os._exit(1)", "Runtime exited"),
        ("other = 1", "has no attribute 'handler'"),
    ],
)
def test_a_function_that_cannot_be_imported_says_why(
    make: Callable[..., str], call: Call, code: str, says: str
) -> None:
    answer = call(make(code))

    assert says in answer["errorMessage"]
    assert answer["errorMessage"].startswith("Unable to import the function: ")


def test_a_process_that_ends_during_a_call_fails_only_that_call(make: Callable[..., str], call: Call) -> None:
    name = make()

    assert call(name, "exit")["errorType"] == "Runtime.ExitError"
    assert "pid" in call(name)


def test_a_call_that_takes_too_long_ends_with_its_process(make: Callable[..., str], call: Call) -> None:
    name = make(Timeout=1)
    before = call(name)["pid"]

    answer = call(name, {"sleep": 3600})

    assert (answer["errorType"], answer["errorMessage"]) == ("Sandbox.Timedout", "Task timed out after 1.00 seconds")
    assert not psutil.pid_exists(before)
    assert call(name)["pid"] != before


def test_a_call_that_runs_during_an_update_gets_its_answer(
    make: Callable[..., str], call: Call, cloud: Cloud, tmp_path: Path
) -> None:
    """The engine alone kills the process, and the caller gets 502."""
    name, begun, end = make(), tmp_path / "begun", tmp_path / "end"

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(call, name, {"begun": str(begun), "end": str(end)})
        eventually(begun.exists)
        cloud.engine.client("lambda").update_function_code(FunctionName=name, ZipFile=archive("def handler(*_): ..."))
        after = call(name)
        end.touch()
        found = answer.result()

    assert (after, set(found)) == (None, {"pid", "folder", "variables", "path"})
    eventually(lambda: not psutil.pid_exists(found["pid"]))


def test_concurrent_calls_wait_and_share_one_unpacked_folder(
    make: Callable[..., str], call: Call, cloud: Cloud
) -> None:
    name, other = make(), make()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda one: call(one, {"sleep": 0.02}), [name, other] * 30))

    assert {answer["folder"] for answer in answers} == {answers[0]["folder"]}
    for function, told in ((name, answers[::2]), (other, answers[1::2])):
        ran_in = {answer["pid"] for answer in told}
        assert len(ran_in) <= workers.LIMIT
        assert {process.pid for process in processes(cloud, function)} == ran_in
    assert Path(answers[0]["folder"], "__pycache__").is_dir(), "the shared folder is not compiled"
    assert not list((cloud.settings.home / "tmp").glob("ministack-lambda-*"))


def test_each_line_that_a_function_logs_is_kept_with_its_call(
    make: Callable[..., str], call: Call, cloud: Cloud
) -> None:
    name, lines = make(), 40

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda _: call(name, {"log": lines}), range(40)))
    call(name, "exit")

    logs = cloud.engine.client("logs")
    events = logs.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{name}").search("events")
    streams: dict[str, list[str]] = {}
    for event in events:
        streams.setdefault(event["logStreamName"], []).append(event["message"])
    calls, last = [], []
    for first, *logged in streams.values():
        request = first.split()[2]
        own = [line for line in logged if not line.startswith(("END", "REPORT", "imported"))]
        if "before the end" in own:
            last = own
        else:
            calls.append((request, own))
    assert len(calls) == 40 and last
    for request, own in calls:
        assert sorted(own) == sorted(
            [
                *(f"{'' if number % 2 else 'WARNING:root:'}{request} {number}" for number in range(lines)),
                f"{request} unfinished",
            ]
        )


def test_a_function_logs_in_the_form_of_lambda(make: Callable[..., str], call: Call, cloud: Cloud) -> None:
    name = make(LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO"})

    call(name, {"write": "an event"})
    call(name, {"raise": "OddError"})

    event, caught, uncaught = lines_of(cloud, name)
    assert list(event) == ["timestamp", "level", "message", "logger", "requestId", "OrderId"]
    assert datetime.fromisoformat(event["timestamp"]) <= datetime.now(UTC)
    assert (event["level"], event["message"], event["logger"]) == ("INFO", "an event", "orders")
    assert (caught["level"], caught["errorType"], caught["errorMessage"]) == ("ERROR", "LookupError", "on purpose")
    assert (uncaught["level"], uncaught["errorType"], uncaught["errorMessage"]) == ("ERROR", "OddError", "on purpose")
    assert event["requestId"] == caught["requestId"] != uncaught["requestId"]


def lines_of(cloud: Cloud, function: str) -> list[dict[str, Any]]:
    """The log lines of a function that are JSON."""
    client = cloud.engine.client("logs")
    events = client.get_paginator("filter_log_events").paginate(logGroupName=f"/aws/lambda/{function}").search("events")
    return [json.loads(event["message"]) for event in events if event["message"].startswith("{")]
