import json
import re

import pytest

from reminders.idempotency import HEADER
from stacks.schemas import LAMBDAS
from stacks.schemas import load as schema

APIS = ("Account", "Orders", "Reminders")

VARIABLE = re.compile(r"\$[\w.]+")


def routes(deployment) -> dict[tuple[str, str, str], dict]:
    """Every method by stack, verb and path."""
    found = {}
    for path, method in deployment.properties("AWS::ApiGateway::Method").items():
        stack, _, _, *parts = path.split("/")
        found[stack, method["HttpMethod"], "/".join(parts[:-1])] = method
    return found


PAGES = {("Reminders", verb, "stop/{token}") for verb in ("GET", "HEAD", "POST")}
"""The routes for people without an account. Their token is in the address."""


def test_only_preflight_requests_and_the_pages_of_recipients_need_no_user(deployment):
    methods = routes(deployment)

    assert len(methods) > 20
    assert methods.keys() >= PAGES
    for (stack, verb, path), method in methods.items():
        if verb == "OPTIONS" or (stack, verb, path) in PAGES:
            assert method["AuthorizationType"] == "NONE" and "AuthorizerId" not in method
            continue
        assert method["AuthorizationType"] == "COGNITO_USER_POOLS"
        # With scopes the authorizer would accept access tokens, which lack the user's e-mail address.
        assert "AuthorizationScopes" not in method
        authorizer = deployment.properties("AWS::ApiGateway::Authorizer")[
            deployment.named(stack, method["AuthorizerId"])
        ]
        (pool,) = authorizer["ProviderARNs"]
        assert deployment.named(stack, pool) == "Identity/Users.Arn"
        assert authorizer["IdentitySource"] == "method.request.header.Authorization"
        assert authorizer["Type"] == "COGNITO_USER_POOLS"


def test_preflight_requests_are_answered_without_a_function_and_for_one_origin(deployment):
    for (_, verb, _), method in routes(deployment).items():
        if verb == "OPTIONS":
            assert method["Integration"]["Type"] == "MOCK"
            # API Gateway reads the name without quotes, too. A mock answers with this status, which stands for success.
            assert method["Integration"]["RequestTemplates"] == {"application/json": "{ statusCode: 200 }"}
            (answer,) = method["Integration"]["IntegrationResponses"]
            (described,) = method["MethodResponses"]
            assert answer["StatusCode"] == described["StatusCode"] == "204"
            assert answer["ResponseParameters"].keys() == described["ResponseParameters"].keys()
            assert answer["ResponseParameters"]["method.response.header.Access-Control-Max-Age"] == "'3600'"
            origin = answer["ResponseParameters"]["method.response.header.Access-Control-Allow-Origin"]
            assert origin == f"'{deployment.stage.allowed_origin}'"


@pytest.mark.parametrize(
    ("stack", "headers"),
    [("Orders", "'Authorization,Content-Type'"), ("Reminders", f"'Authorization,Content-Type,{HEADER}'")],
)
def test_a_page_may_send_the_headers_that_the_api_reads_and_no_others(stack, headers, deployment):
    preflights = [one for (of, verb, _), one in routes(deployment).items() if (of, verb) == (stack, "OPTIONS")]

    assert preflights
    for method in preflights:
        (answer,) = method["Integration"]["IntegrationResponses"]
        assert answer["ResponseParameters"]["method.response.header.Access-Control-Allow-Headers"] == headers


def test_the_idempotency_header_is_documented(deployment):
    described = routes(deployment)["Reminders", "POST", "reminders"]["RequestParameters"]

    assert described == {f"method.request.header.{HEADER}": False}


def test_every_path_answers_preflight_requests_for_its_methods(deployment):
    methods = routes(deployment)

    for stack, verb, path in methods:
        (answer,) = methods[stack, "OPTIONS", path]["Integration"]["IntegrationResponses"]
        allowed = answer["ResponseParameters"]["method.response.header.Access-Control-Allow-Methods"]
        assert verb in allowed.strip("'").split(",")
        assert {*allowed.strip("'").split(",")} <= {"OPTIONS", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}


def test_no_method_needs_an_api_key(deployment):
    """People sign in, and the API has no usage plan that would give out keys."""
    assert not [route for route, method in routes(deployment).items() if method.get("ApiKeyRequired")]


def test_every_method_calls_the_function_that_it_is_named_after(deployment):
    for (stack, verb, _), method in routes(deployment).items():
        if verb != "OPTIONS":
            function = deployment.named(stack, method["Integration"]["Uri"]).partition("/functions/")[2]
            assert method["OperationName"] == function.removesuffix(".Arn/invocations").rpartition("/")[2]
            # Lambda is called with POST, and passes on the method of the request.
            assert (method["Integration"]["Type"], method["Integration"]["IntegrationHttpMethod"]) == (
                "AWS_PROXY",
                "POST",
            )


def test_a_variable_of_the_path_is_required_and_nothing_else(deployment):
    for (_, verb, path), method in routes(deployment).items():
        described = method.get("RequestParameters", {})
        needed = {f"method.request.path.{name}" for name in re.findall(r"{(\w+)}", path)}
        assert {name for name, required in described.items() if required} == (set() if verb == "OPTIONS" else needed)


def test_every_described_header_of_a_response_is_always_there(deployment):
    for route, method in routes(deployment).items():
        for answer in method.get("MethodResponses", []):
            assert {*answer["ResponseParameters"].values()} == {True}, route


def test_requests_are_throttled_as_the_stage_says(deployment):
    stages = deployment.properties("AWS::ApiGateway::Stage")

    assert len(stages) == len(APIS)
    for stage in stages.values():
        (settings,) = stage["MethodSettings"]
        assert (settings["HttpMethod"], settings["ResourcePath"]) == ("*", "/*")
        assert settings["ThrottlingRateLimit"] == deployment.stage.throttle_rate > 0
        assert settings["ThrottlingBurstLimit"] == deployment.stage.throttle_burst > 0


def test_the_access_log_repeats_nothing_of_a_request(deployment):
    """It has the template `/orders/{OrderId}` instead of the path, which may contain a card number."""
    for path, stage in deployment.properties("AWS::ApiGateway::Stage").items():
        stack = path.partition("/")[0]
        assert not any(settings["DataTraceEnabled"] for settings in stage["MethodSettings"])
        assert not any("LoggingLevel" in settings for settings in stage["MethodSettings"])
        log = stage["AccessLogSetting"]
        assert deployment.named(stack, log["DestinationArn"]) == f"{stack}/{stack}ApiLogGroup.Arn"
        assert set(json.loads(log["Format"]).values()) == {
            "$context.requestId",
            "$context.httpMethod",
            "$context.resourcePath",
            "$context.status",
            "$context.responseLatency",
            "$context.error.responseType",
        }


def test_the_logging_role_comes_before_the_apis_and_outlives_the_stage(deployment):
    account = deployment.only("AWS::ApiGateway::Account")
    kept = deployment.templates["ApiLogs"]["Resources"]

    assert deployment.named("ApiLogs", account["CloudWatchRoleArn"]) == "ApiLogs/Role.Arn"
    assert {"ApiLogs/Role", "ApiLogs/Role/DefaultPolicy"} == {
        deployment.path("ApiLogs", name) for name in kept["Account"]["DependsOn"]
    }
    assert {one["DeletionPolicy"] for one in kept.values()} == {"Retain"}
    for stack in APIS:
        assert "ApiLogs" in deployment.dependencies[stack]


GATEWAY_ERRORS = {
    "DEFAULT_4XX": (None, "$context.error.responseType"),
    "DEFAULT_5XX": ("503", "Unavailable"),
    "INTEGRATION_FAILURE": ("503", "Unavailable"),
    "INTEGRATION_TIMEOUT": ("503", "Unavailable"),
    "INVALID_SIGNATURE": ("404", "NotFound"),
    "MISSING_AUTHENTICATION_TOKEN": ("404", "NotFound"),
    "REQUEST_TOO_LARGE": ("413", "TooLarge"),
    "RESOURCE_NOT_FOUND": ("404", "NotFound"),
    "THROTTLED": ("429", "Throttled"),
    "UNAUTHORIZED": (None, "NotSignedIn"),
    "UNSUPPORTED_MEDIA_TYPE": ("415", "UnsupportedMediaType"),
}


def test_errors_of_the_gateway_have_our_shape_and_cors_headers(deployment):
    responses = deployment.properties("AWS::ApiGateway::GatewayResponse")

    kinds = sorted((path.partition("/")[0], one["ResponseType"]) for path, one in responses.items())
    assert kinds == [(stack, kind) for stack in APIS for kind in sorted(GATEWAY_ERRORS)]
    for response in responses.values():
        status, code = GATEWAY_ERRORS[response["ResponseType"]]
        assert response.get("StatusCode") == status
        (template,) = response["ResponseTemplates"].values()
        error = json.loads(template)["error"]
        assert (error["code"], error["details"]) == (code, [])
        headers = response["ResponseParameters"]
        origin = headers["gatewayresponse.header.Access-Control-Allow-Origin"]
        assert origin == f"'{deployment.stage.allowed_origin}'"
        assert headers.get("gatewayresponse.header.Retry-After") == ("'1'" if status in ("429", "503") else None)
        assert headers["gatewayresponse.header.X-Request-Id"] == "context.requestId"
        assert "X-Request-Id" in headers["gatewayresponse.header.Access-Control-Expose-Headers"]
        assert error["requestId"] == "$context.requestId"


def test_errors_of_the_gateway_repeat_nothing_of_the_request(deployment):
    """API Gateway's own message about a wrong signature quotes the path. An error's type is from a fixed list."""
    for response in deployment.properties("AWS::ApiGateway::GatewayResponse").values():
        variables = {variable for text in response["ResponseTemplates"].values() for variable in VARIABLE.findall(text)}
        assert variables <= {"$context.error.responseType", "$context.requestId"}
        headers = response["ResponseParameters"].values()
        assert all(value == "context.requestId" or value[0] == value[-1] == "'" for value in headers)


def test_bodies_are_documented_by_the_schemas_that_the_functions_use(deployment):
    described = {
        route: deployment.properties("AWS::ApiGateway::Model")[
            deployment.named(route[0], method["RequestModels"]["application/json"])
        ]
        for route, method in routes(deployment).items()
        if "RequestModels" in method
    }

    assert {route: model["Schema"] for route, model in described.items()} == {
        ("Orders", "POST", "orders"): schema("orders/order.schema.json"),
        ("Orders", "PUT", "orders/{OrderId}"): schema("orders/order.schema.json"),
        ("Orders", "POST", "orders/{OrderId}/close"): schema("orders/closing.schema.json"),
        ("Reminders", "POST", "reminders"): schema("reminders/reminder.schema.json"),
        ("Reminders", "PATCH", "reminders/{reminderId}"): schema("reminders/reminder_change.schema.json"),
    }


def test_the_gateway_validates_no_body_because_its_errors_would_quote_values(deployment):
    assert deployment.resources("AWS::ApiGateway::RequestValidator") == {}
    assert not any("RequestValidatorId" in method for method in routes(deployment).values())


@pytest.mark.parametrize(
    ("route", "statuses"),
    [
        (("Account", "GET", "account"), {200, 400, 401, 403, 404, 429, 500, 503}),
        (("Account", "DELETE", "account"), {200, 400, 401, 403, 404, 409, 429, 500, 503}),
        (("Orders", "POST", "orders"), {200, 202, 400, 401, 403, 409, 413, 415, 429, 500, 503}),
        (("Orders", "GET", "orders/{OrderId}"), {200, 401, 403, 404, 429, 500, 503}),
        (("Orders", "PUT", "orders/{OrderId}"), {200, 202, 400, 401, 403, 404, 409, 413, 415, 429, 500, 503}),
        (("Orders", "GET", "orders"), {200, 400, 401, 403, 429, 500, 503}),
        (("Orders", "POST", "orders/{OrderId}/close"), {200, 400, 401, 403, 404, 409, 413, 415, 429, 500, 503}),
        (("Orders", "GET", "parked"), {200, 401, 403, 429, 500, 503}),
        (("Orders", "DELETE", "parked/{MessageId}"), {200, 401, 403, 404, 429, 500, 503}),
        (("Orders", "GET", "dead-letters"), {200, 401, 403, 429, 500, 503}),
        (("Orders", "POST", "dead-letters/{Queue}/redrive"), {200, 401, 403, 404, 429, 500, 503}),
        (("Reminders", "POST", "reminders"), {202, 400, 401, 403, 409, 413, 415, 429, 500, 503}),
        (("Reminders", "PATCH", "reminders/{reminderId}"), {200, 400, 401, 403, 404, 409, 413, 415, 429, 500, 503}),
        (("Reminders", "GET", "reminders"), {200, 400, 401, 403, 429, 500, 503}),
        (("Reminders", "GET", "reminders/{reminderId}"), {200, 401, 403, 404, 429, 500, 503}),
        (("Reminders", "DELETE", "reminders/{reminderId}"), {200, 401, 403, 404, 409, 429, 500, 503}),
    ],
)
def test_every_response_is_documented(route, statuses, deployment):
    models = deployment.properties("AWS::ApiGateway::Model")
    answers = {int(answer["StatusCode"]): answer for answer in routes(deployment)[route]["MethodResponses"]}

    assert answers.keys() == statuses
    for status, answer in answers.items():
        (model,) = (models[deployment.named(route[0], reference)] for reference in answer["ResponseModels"].values())
        assert (model["Name"] == "ErrorAnswer") == (status >= 400)
        assert "method.response.header.Access-Control-Allow-Origin" in answer["ResponseParameters"]
        assert "method.response.header.X-Request-Id" in answer["ResponseParameters"]
        assert ("method.response.header.Retry-After" in answer["ResponseParameters"]) == (status in (429, 503))


def test_headers_of_single_responses_are_documented(deployment):
    described = {
        (*route, answer["StatusCode"], header.removeprefix("method.response.header."))
        for route, method in routes(deployment).items()
        if route[1] != "OPTIONS" and route not in PAGES
        for answer in method["MethodResponses"]
        for header in answer["ResponseParameters"]
    }

    assert ("Orders", "POST", "orders", "202", "Location") in described
    assert ("Orders", "GET", "orders/{OrderId}", "200", "X-Cache") in described
    assert ("Orders", "PUT", "orders/{OrderId}", "202", "Location") in described
    assert ("Reminders", "POST", "reminders", "202", "Location") in described
    assert len([one for one in described if one[-1] in ("Location", "X-Cache")]) == 4


def test_every_model_is_the_schema_of_that_name(deployment):
    files = {json.loads(file.read_text())["title"]: file for file in LAMBDAS.glob("*/*.schema.json")}

    for model in deployment.properties("AWS::ApiGateway::Model").values():
        assert model["Schema"] == schema(str(files[model["Name"]].relative_to(LAMBDAS))), model["Name"]
        assert model["ContentType"] == "application/json"


def test_models_are_named_like_their_schemas_and_avoid_taken_names(deployment):
    for model in deployment.properties("AWS::ApiGateway::Model").values():
        assert model["Name"] == model["Schema"]["title"] not in ("Error", "Empty")


DRAFT_04 = set(
    "$schema title description type enum format pattern minLength maxLength minimum maximum exclusiveMinimum "
    "exclusiveMaximum multipleOf items minItems maxItems uniqueItems properties required additionalProperties "
    "minProperties maxProperties allOf anyOf oneOf not".split()
)


def words_of(schema: dict) -> set[str]:
    """The keywords of a JSON schema and of its parts."""
    inner = [*schema.get("properties", {}).values(), *(schema[name] for name in ("items", "not") if name in schema)]
    inner += [one for name in ("allOf", "anyOf", "oneOf") for one in schema.get(name, [])]
    return set(schema).union(*map(words_of, inner))


def test_models_use_only_the_keywords_of_draft_04(deployment):
    """API Gateway rejects a model with any other keyword: `Unsupported keyword(s): ["example"]`.

    https://github.com/awslabs/aws-api-gateway-developer-portal/issues/571
    """
    for model in deployment.properties("AWS::ApiGateway::Model").values():
        assert words_of(model["Schema"]) <= DRAFT_04, model["Name"]


def test_apis_are_regional(deployment):
    for api in deployment.properties("AWS::ApiGateway::RestApi").values():
        assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
