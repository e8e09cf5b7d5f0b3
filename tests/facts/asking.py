"""Asks the engine the question of a fact, to compare the engine's answer with the answer of AWS."""

import io
import json
import re
import time
import uuid
import zipfile
from collections.abc import Mapping
from typing import Any

from botocore import xform_name
from botocore.exceptions import ClientError

from local import users
from local.cloud import Cloud, Places
from local.engine import send
from local.settings import ACCOUNT, REGION
from local.users import OPERATOR, PERSON
from tests.facts.facts import Fact, definition_of
from tests.support.cloud.apps import FINISHED
from tests.support.waiting import PATIENCE_SECONDS, eventually

FUNCTION = """
import time

def handler(event, context):
    if "requestContext" in event:
        claims = event["requestContext"]["authorizer"]["claims"]
        return {"statusCode": 200, "body": __import__("json").dumps(claims)}
    if "raise" in event:
        raise type(event["raise"], (Exception,), {})("what went wrong")
    time.sleep(event.get("sleep", 0))
    return "x" * event["size"] if "size" in event else event
"""
"""Depending on the event, it raises an exception with the name in `raise`, sleeps for `sleep` seconds, returns `size`
letters, returns the caller's claims, or returns the event."""


class Asking:
    """Resources in the engine that facts can name: `${Table}` with the item `there`, `${Queue}` and so on."""

    def __init__(self, cloud: Cloud, places: Places) -> None:
        self._cloud, self._engine = cloud, cloud.engine
        self._names = {"Account": ACCOUNT, "Region": REGION, "Topic": places.topic, "UserPool": places.user_pool}
        self._names |= {"Parameter": "notifyme", "Sender": places.sender}
        name = f"facts-{uuid.uuid4().hex[:8]}"
        services = {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]}
        trust = {"Statement": [{"Effect": "Allow", "Principal": services, "Action": "sts:AssumeRole"}]}
        role = self._call("iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        self._role = role["Role"]["Arn"]
        self._names["Role"] = self._role
        self._names["Queue"] = self._call("sqs", "CreateQueue", QueueName=name)["QueueUrl"]
        self._names["OwnTopic"] = self._call("sns", "CreateTopic", Name=name)["TopicArn"]
        self._names["Table"] = name
        self._make_table(name)
        self._names["Function"] = name
        self._make_function(name)
        self._names["Api"] = self._make_api(name)
        ends, waits = {"Type": "Pass", "End": True}, {"Type": "Wait", "Seconds": 600, "End": True}
        for one, kind, state in (
            ("Standard", "STANDARD", ends),
            ("Express", "EXPRESS", ends),
            ("Waiting", "STANDARD", waits),
        ):
            machine = self._machine(f"{name}-{one}", {"StartAt": "A", "States": {"A": state}})
            made = self._call("stepfunctions", "CreateStateMachine", **machine, type=kind)
            self._names[one] = made["stateMachineArn"]
        person, operator = cloud.users()[PERSON], cloud.users()[OPERATOR]
        self._names |= {"Person": person.email, "WebClient": places.web_client}
        cognito = self._engine.client("cognito-idp")
        self._names["IdToken"] = users.sign_in(cognito, places.web_client, person)
        self._names["OperatorToken"] = users.sign_in(cognito, places.web_client, operator)

    def answers(self, fact: Fact) -> tuple[Any, Any]:
        """The answer of AWS and the answer of the engine."""
        names = {**self._names, "Name": f"fact-{uuid.uuid4().hex[:12]}"}
        if "states" in fact:
            answer = self._execution(_filled(definition_of(fact), names), _filled(fact, names), name=names["Name"])
        elif "request" in fact:
            answer = self._response(**_filled(fact["request"], names))
        for number, (service, operation, parameters) in enumerate(fact.get("calls", []), 1):
            answer = self._answer(service, operation, **_filled(parameters, names))
            names[str(number)] = answer
        return _filled(fact["answer"], names), answer

    def _execution(self, definition: Mapping[str, Any], fact: Fact, *, name: str) -> dict[str, Any]:
        """Runs a workflow and returns the status, error, cause and output; or the refusal of its definition."""
        made: dict[str, Any] = self._answer("stepfunctions", "CreateStateMachine", **self._machine(name, definition))
        if fact["answer"].get("error") == "InvalidDefinition" or "error" in made:
            return made
        start = {"stateMachineArn": made["stateMachineArn"], "name": name, "input": json.dumps(fact.get("input", {}))}
        execution = {"executionArn": self._call("stepfunctions", "StartExecution", **start)["executionArn"]}
        patience = time.monotonic() + fact.get("patienceSeconds", PATIENCE_SECONDS)

        def over() -> dict[str, Any] | None:
            found: dict[str, Any] = self._call("stepfunctions", "DescribeExecution", **execution)
            return found if found["status"] in FINISHED or time.monotonic() > patience else None

        found = eventually(over)
        if found["status"] not in FINISHED:
            self._call("stepfunctions", "StopExecution", **execution)
        return found | ({"output": json.loads(found["output"])} if "output" in found else {})

    def _response(self, path: str, token: str | None = None) -> dict[str, Any]:
        response = send("GET", f"{self._names['Api']}{path}", token=token)
        return {"status": response.status_code, "body": json.loads(response.text), "headers": dict(response.headers)}

    def _answer(self, service: str, operation: str, **parameters: Any) -> Any:
        try:
            return self._call(service, operation, **parameters)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            return {"error": error.response["Error"]["Code"], "status": status}

    def _call(self, service: str, operation: str, **parameters: Any) -> Any:
        """Calls the engine and returns the answer as JSON: times become text, and streams become their content."""
        answer = getattr(self._engine.client(service), xform_name(operation))(**parameters)
        return json.loads(
            json.dumps(answer, default=lambda one: json.loads(one.read()) if hasattr(one, "read") else str(one))
        )

    def _machine(self, name: str, definition: Mapping[str, Any]) -> dict[str, str]:
        return {"name": name, "definition": json.dumps(definition), "roleArn": self._role}

    def _make_table(self, name: str) -> None:
        texts = [{"AttributeName": key, "AttributeType": "S"} for key in ("Id", "Group")]
        key, group = [[{"AttributeName": one, "KeyType": "HASH"}] for one in ("Id", "Group")]
        index = {"IndexName": "ByGroup", "KeySchema": group, "Projection": {"ProjectionType": "ALL"}}
        self._call(
            "dynamodb",
            "CreateTable",
            TableName=name,
            KeySchema=key,
            AttributeDefinitions=texts,
            GlobalSecondaryIndexes=[index],
            BillingMode="PAY_PER_REQUEST",
        )
        self._call("dynamodb", "PutItem", TableName=name, Item={"Id": {"S": "there"}, "Status": {"S": "NEW"}})

    def _make_function(self, name: str) -> None:
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("answers.py", FUNCTION)
        self._call(
            "lambda",
            "CreateFunction",
            FunctionName=name,
            Runtime="python3.13",
            Handler="answers.handler",
            Role=self._role,
            Timeout=30,
            Code={"ZipFile": code.getvalue()},
        )

    def _make_api(self, name: str) -> str:
        """Makes an API with the path `/`. It requires a signed-in user, and answers with the user's claims."""
        api = self._call("apigateway", "CreateRestApi", name=name)
        pool = f"arn:aws:cognito-idp:{REGION}:{ACCOUNT}:userpool/{self._names['UserPool']}"
        authorizer = self._call(
            "apigateway",
            "CreateAuthorizer",
            restApiId=api["id"],
            name=name,
            type="COGNITO_USER_POOLS",
            providerARNs=[pool],
            identitySource="method.request.header.Authorization",
        )
        method = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
        asks = {"authorizationType": "COGNITO_USER_POOLS", "authorizerId": authorizer["id"]}
        self._call("apigateway", "PutMethod", **method, **asks)
        function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"
        uri = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{function}/invocations"
        self._call("apigateway", "PutIntegration", **method, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
        self._call("apigateway", "CreateDeployment", restApiId=api["id"], stageName="v1")
        return f"{self._cloud.settings.endpoint}/_aws/execute-api/{api['id']}/v1"


def agrees(expected: Any, actual: Any) -> bool:
    """Whether `actual` has all values that are expected. Other keys are ignored.

    None means that the value must be missing, `^…` is a regular expression, and `{}` must be empty.
    """
    match expected:
        case dict() if not expected:
            return bool(actual == {})
        case dict():
            return isinstance(actual, dict) and all(agrees(value, actual.get(key)) for key, value in expected.items())
        case list():
            same = isinstance(actual, list) and len(actual) == len(expected)
            return same and all(agrees(*pair) for pair in zip(expected, actual, strict=True))
        case str() if expected.startswith("^"):
            return isinstance(actual, str) and re.fullmatch(expected, actual) is not None
        case bool():
            return actual is expected
    return bool(expected == actual) and not isinstance(actual, bool)


def _filled(value: Any, names: Mapping[str, Any]) -> Any:
    """`value` with all placeholders replaced: `${Name}`, `${1.executionArn}` from the first answer, `${x*100}`."""
    match value:
        case dict():
            return {_filled(key, names): _filled(one, names) for key, one in value.items()}
        case list():
            return [_filled(one, names) for one in value]
        case str():
            return re.sub(r"\$\{([^}]+)\}", lambda found: _meant(found[1], names), value)
    return value


def _meant(name: str, names: Mapping[str, Any]) -> str:
    if times := re.fullmatch(r"(.)\*([0-9]+)", name):
        return times[1] * int(times[2])
    value: Any = names
    for part in name.split("."):
        value = value[int(part)] if isinstance(value, list) else value.get(part, "none")
    return str(value)
