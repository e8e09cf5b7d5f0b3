import json

ROUTES = {
    ("Orders", "POST", "orders"),
    ("Orders", "GET", "orders/{OrderId}"),
    ("Orders", "PUT", "orders/{OrderId}"),
    ("Reminders", "POST", "reminders"),
}


def routes(deployment) -> dict[tuple[str, str, str], dict]:
    """Every method by stack, verb and path."""
    found = {}
    for path, method in deployment.properties("AWS::ApiGateway::Method").items():
        stack, _, _, *parts = path.split("/")
        found[stack, method["HttpMethod"], "/".join(parts[:-1])] = method
    return found


def test_callers_sign_in_with_iam_and_only_preflight_requests_need_not(deployment):
    methods = routes(deployment)

    assert {route for route in methods if route[1] != "OPTIONS"} == ROUTES
    for (_, verb, _), method in methods.items():
        assert method["AuthorizationType"] == ("NONE" if verb == "OPTIONS" else "AWS_IAM")


def test_preflight_requests_are_answered_without_a_function_and_for_one_origin(deployment):
    for (_, verb, _), method in routes(deployment).items():
        if verb == "OPTIONS":
            assert method["Integration"]["Type"] == "MOCK"
            (answer,) = method["Integration"]["IntegrationResponses"]
            origin = answer["ResponseParameters"]["method.response.header.Access-Control-Allow-Origin"]
            assert origin == f"'{deployment.stage.allowed_origin}'"


def test_every_path_can_be_preflighted(deployment):
    methods = routes(deployment)

    assert all((stack, "OPTIONS", path) in methods for stack, _, path in methods)


def test_requests_are_throttled_as_the_stage_says(deployment):
    stages = deployment.properties("AWS::ApiGateway::Stage")

    assert len(stages) == 2
    for stage in stages.values():
        (settings,) = stage["MethodSettings"]
        assert (settings["HttpMethod"], settings["ResourcePath"]) == ("*", "/*")
        assert settings["ThrottlingRateLimit"] == deployment.stage.throttle_rate > 0
        assert settings["ThrottlingBurstLimit"] == deployment.stage.throttle_burst > 0


def test_requests_are_not_logged_with_their_bodies(deployment):
    for stage in deployment.properties("AWS::ApiGateway::Stage").values():
        assert not any(settings["DataTraceEnabled"] for settings in stage["MethodSettings"])
        assert "AccessLogSetting" not in stage
    assert deployment.resources("AWS::ApiGateway::Account") == {}


def test_refusals_of_the_gateway_have_the_shape_of_ours_and_are_readable_from_the_web(deployment):
    responses = deployment.properties("AWS::ApiGateway::GatewayResponse")

    kinds = sorted((path.partition("/")[0], one["ResponseType"]) for path, one in responses.items())
    assert kinds == [(stack, kind) for stack in ("Orders", "Reminders") for kind in ("DEFAULT_4XX", "DEFAULT_5XX")]
    for response in responses.values():
        (template,) = response["ResponseTemplates"].values()
        # Of the two variables, the second comes with quotes around it.
        filled = template.replace("$context.error.responseType", "X").replace("$context.error.messageString", '"Y"')
        assert json.loads(filled) == {"error": {"code": "X", "message": "Y", "details": []}}
        (origin,) = response["ResponseParameters"].values()
        assert origin == f"'{deployment.stage.allowed_origin}'"


def test_apis_are_regional(deployment):
    for api in deployment.properties("AWS::ApiGateway::RestApi").values():
        assert api["EndpointConfiguration"] == {"Types": ["REGIONAL"]}
