"""Defaults for a REST API whose routes are Lambda functions."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from aws_cdk import CfnOutput, Duration, RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks import schemas, traces
from stacks.stage import Stage

STAGE_NAME = "v1"
"""API Gateway's stage, the same for each API. With our own stage's name, logical ids would differ between stages."""

LOGGED = {
    "requestId": "$context.requestId",
    "httpMethod": "$context.httpMethod",
    "resourcePath": "$context.resourcePath",
    "status": "$context.status",
    "responseLatency": "$context.responseLatency",
    "errorType": "$context.error.responseType",
}
"""The fields of the access log. No field has text that the caller chose, except a UUID: a caller can set `requestId`
with the header `x-amzn-RequestId`, and API Gateway logs no other text in its place. `resourcePath` is the template
`/orders/{OrderId}`. The real path may contain a card number, and messages of API Gateway quote the path.
CloudWatch knows the time of each line. See decision D197.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html"""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """A response: the path of its body's JSON schema below `lambdas/`, and its additional headers."""

    schema: str
    headers: tuple[str, ...] = ()


ERROR = Answer(schema="common/error.schema.json")
TRY_AGAIN = Answer(schema="common/error.schema.json", headers=("Retry-After",))

ON_EVERY_ROUTE = {401: ERROR, 403: ERROR, 429: TRY_AGAIN, 500: ERROR, 503: TRY_AGAIN}
ON_EVERY_BODY = {400: ERROR, 413: ERROR, 415: ERROR}


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """An error response that API Gateway itself sends. If `status` or `code` is None, API Gateway's own value stays."""

    type: apigateway.ResponseType
    message: str
    status: int | None = None
    code: str | None = None
    try_again: bool = False


NO_ROUTE = "Unknown path, or a method that the path does not have. Check both."

# These texts replace API Gateway's, which may quote the path and the headers.
# See decision D063.
REFUSALS = {
    "Default4xx": Refusal(
        type=apigateway.ResponseType.DEFAULT_4_XX,
        message="The request was refused. Check its path, headers and body.",
    ),
    # For an unknown path or method. https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
    # See decision D062.
    "NoRoute": Refusal(
        type=apigateway.ResponseType.MISSING_AUTHENTICATION_TOKEN, status=404, code="NotFound", message=NO_ROUTE
    ),
    # An unknown path has no authorizer. API Gateway then reads `Authorization: Bearer …` as an invalid AWS signature.
    # No route of these APIs uses AWS signatures.
    # https://github.com/amazon-archives/aws-cognito-angular-quickstart/issues/50
    "NoRouteWithToken": Refusal(
        type=apigateway.ResponseType.INVALID_SIGNATURE, status=404, code="NotFound", message=NO_ROUTE
    ),
    "NoResource": Refusal(
        type=apigateway.ResponseType.RESOURCE_NOT_FOUND, status=404, code="NotFound", message=NO_ROUTE
    ),
    "Unauthorized": Refusal(
        type=apigateway.ResponseType.UNAUTHORIZED,
        code="NotSignedIn",
        message="The ID token is missing, invalid or expired. Sign in and send a new one.",
    ),
    "Default5xx": Refusal(
        type=apigateway.ResponseType.DEFAULT_5_XX,
        status=503,
        code="Unavailable",
        message="A service is not available. Try again.",
        try_again=True,
    ),
    "Throttled": Refusal(
        type=apigateway.ResponseType.THROTTLED,
        status=429,
        code="Throttled",
        message="Too many requests. Try again.",
        try_again=True,
    ),
    "TooLarge": Refusal(
        type=apigateway.ResponseType.REQUEST_TOO_LARGE,
        status=413,
        code="TooLarge",
        message="The request body is too large. Send a shorter one.",
    ),
    "UnsupportedMediaType": Refusal(
        type=apigateway.ResponseType.UNSUPPORTED_MEDIA_TYPE,
        status=415,
        code="UnsupportedMediaType",
        message="Send the body as application/json in UTF-8, and without a Content-Encoding.",
    ),
    "IntegrationFailure": Refusal(
        type=apigateway.ResponseType.INTEGRATION_FAILURE,
        status=503,
        code="Unavailable",
        message="A service is not available. Try again.",
        try_again=True,
    ),
    "IntegrationTimeout": Refusal(
        type=apigateway.ResponseType.INTEGRATION_TIMEOUT,
        status=503,
        code="Unavailable",
        message="A service did not answer in time. Try again.",
        try_again=True,
    ),
}


class RestApi(apigateway.RestApi):
    """A regional REST API for users of the user pool. It throttles and logs requests.

    The stack output `ApiUrl` holds its address. Its stack must depend on ApiLogsStack, which allows the logs.

    A web page may send `request_headers` in addition to the usual headers. X-Ray may trace `POST` requests to
    `traced_path`, and no others.

    Errors that API Gateway itself sends (throttled, not signed in, unknown path) have the shape and the CORS headers of
    our functions' errors. No error repeats anything from the request.

    See decision D135.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        users: cognito.IUserPool,
        description: str,
        request_headers: tuple[str, ...] = (),
        traced_path: str | None = None,
    ) -> None:
        log_group = logs.LogGroup(
            scope, f"{id}LogGroup", retention=stage.log_retention, removal_policy=RemovalPolicy.DESTROY
        )
        super().__init__(
            scope,
            id,
            # Metrics of an API have no other name, and stages may share an account.
            rest_api_name=f"{stage.name}-{id}",
            description=description,
            cloud_watch_role=False,
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            deploy_options=apigateway.StageOptions(
                stage_name=STAGE_NAME,
                throttling_rate_limit=stage.throttle_rate,
                throttling_burst_limit=stage.throttle_burst,
                access_log_destination=apigateway.LogGroupLogDestination(log_group),
                access_log_format=apigateway.AccessLogFormat.custom(json.dumps(LOGGED)),
                tracing_enabled=bool(stage.traces_sampled and traced_path),
            ),
            default_method_options=apigateway.MethodOptions(
                authorization_type=apigateway.AuthorizationType.COGNITO,
                # Without scopes the authorizer accepts ID tokens, which the functions require (common.caller).
                authorizer=apigateway.CognitoUserPoolsAuthorizer(scope, f"{id}Authorizer", cognito_user_pools=[users]),
            ),
            default_cors_preflight_options=apigateway.CorsOptions(
                allow_origins=[stage.allowed_origin],
                allow_headers=["Authorization", "Content-Type", *request_headers],
                max_age=Duration.hours(1),
            ),
        )
        if traced_path:
            traces.trace_requests(self, stage=stage, arn=self.deployment_stage.stage_arn, path=traced_path)
        self._models: dict[str, apigateway.IModel] = {}
        # Each use of this attribute is a call of CDK's Node process.
        self._deployment = self.latest_deployment
        cast(CfnOutput, self.node.find_child("Endpoint")).override_logical_id("ApiUrl")
        for id, refusal in REFUSALS.items():
            exposed = "Retry-After, X-Request-Id" if refusal.try_again else "X-Request-Id"
            headers = {
                "Access-Control-Allow-Origin": f"'{stage.allowed_origin}'",
                "Access-Control-Expose-Headers": f"'{exposed}'",
                "X-Request-Id": "context.requestId",
                **({"Retry-After": "'1'"} if refusal.try_again else {}),
            }
            # The values of these variables are one of API Gateway's own words and a UUID, so they need no escaping. A
            # caller who sends another id in the header x-amzn-RequestId spoils only their own answer.
            code = refusal.code or "$context.error.responseType"
            body = {
                "error": {"code": code, "message": refusal.message, "details": [], "requestId": "$context.requestId"}
            }
            self.add_gateway_response(
                id,
                type=refusal.type,
                status_code=str(refusal.status) if refusal.status else None,
                response_headers=headers,
                templates={"application/json": json.dumps(body)},
            )

    def add_route(
        self,
        method: str,
        path: str,
        function: lambda_.IFunction,
        *,
        answers: Mapping[int, Answer],
        request: str | None = None,
        query: tuple[str, ...] = (),
        headers: tuple[str, ...] = (),
    ) -> None:
        """Routes `method` on `path` (`/orders/{OrderId}`) to `function`, and documents its requests and responses.

        `query` names the query parameters and `headers` the headers that a request may have. `request` is the path
        below `lambdas/` of the JSON schema of the body. The function validates all three.

        `answers` are the function's own responses by status. This method adds those that every route, or every route
        with a body, may have.

        The schemas become models, which only describe. If API Gateway validated a body, it could name a wrong field
        only together with its value, which may be a card number.

        See decision D056.
        """
        expected = {**answers, **ON_EVERY_ROUTE, **(ON_EVERY_BODY if request else {})}
        self.root.resource_for_path(path).add_method(
            method,
            apigateway.LambdaIntegration(function, allow_test_invoke=False),
            operation_name=function.node.id,
            request_parameters={
                **{f"method.request.path.{name}": True for name in re.findall(r"{(\w+)}", path)},
                **{f"method.request.querystring.{name}": False for name in query},
                **{f"method.request.header.{name}": False for name in headers},
            },
            request_models={"application/json": self._model(request)} if request else None,
            method_responses=[
                apigateway.MethodResponse(
                    status_code=str(status),
                    response_models={"application/json": self._model(answer.schema)},
                    response_parameters={
                        f"method.response.header.{name}": True
                        for name in ("Access-Control-Allow-Origin", "X-Request-Id", *answer.headers)
                    },
                )
                for status, answer in sorted(expected.items())
            ],
        )

    def add_pages(self, methods: tuple[str, ...], path: str, function: lambda_.IFunction) -> None:
        """Routes `methods` on `path` (`/stop/{token}`) to `function`, which answers pages to people without a user.

        The API throttles and logs these requests like all others. They are not in the OpenAPI documents.
        """
        for method in methods:
            added = self.root.resource_for_path(path).add_method(
                method,
                apigateway.LambdaIntegration(function, allow_test_invoke=False),
                operation_name=function.node.id,
                request_parameters={f"method.request.path.{name}": True for name in re.findall(r"{(\w+)}", path)},
            )
            # CDK refuses a method without the authorizer that all methods of the API have.
            described = cast(apigateway.CfnMethod, added.node.default_child)
            described.authorization_type = apigateway.AuthorizationType.NONE.value
            described.authorizer_id = None

    def _model(self, file: str) -> apigateway.IModel:
        """The model of a schema below `lambdas/`, named like the schema's title.

        No title may be `Error`: every API already has a model of that name.
        """
        if file not in self._models:
            schema = schemas.load(file)
            name = schema["title"]
            # CDK's own class does not know every keyword of JSON schema.
            model = apigateway.CfnModel(
                self, name, rest_api_id=self.rest_api_id, name=name, content_type="application/json", schema=schema
            )
            if self._deployment:
                self._deployment.add_to_logical_id({name: schema})
            self._models[file] = apigateway.Model.from_model_name(self, f"{name}Model", model.ref)
        return self._models[file]
