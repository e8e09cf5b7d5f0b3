"""Our defaults for a REST API of Lambda functions."""

from typing import cast

from aws_cdk import CfnOutput
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks.config import Stage


class RestApi(apigateway.RestApi):
    """A regional REST API: callers sign in with IAM, requests are throttled, one web origin may call.

    Its address is the stack output `ApiUrl`.

    Its own refusals (throttled, not signed in, no such path) have the shape and the CORS headers of our handlers'.
    """

    def __init__(self, scope: Construct, id: str, *, stage: Stage, description: str) -> None:
        super().__init__(
            scope,
            id,
            description=description,
            cloud_watch_role=False,
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            deploy_options=apigateway.StageOptions(
                # The stage's name would be part of logical ids, which are the same in every stage.
                stage_name="v1",
                throttling_rate_limit=stage.throttle_rate,
                throttling_burst_limit=stage.throttle_burst,
            ),
            default_method_options=apigateway.MethodOptions(authorization_type=apigateway.AuthorizationType.IAM),
            default_cors_preflight_options=apigateway.CorsOptions(
                allow_origins=[stage.allowed_origin],
                allow_headers=["Authorization", "Content-Type", "X-Amz-Date", "X-Amz-Security-Token"],
            ),
        )
        cast(CfnOutput, self.node.find_child("Endpoint")).override_logical_id("ApiUrl")
        for id, type in (
            ("Default4xx", apigateway.ResponseType.DEFAULT_4_XX),
            ("Default5xx", apigateway.ResponseType.DEFAULT_5_XX),
        ):
            self.add_gateway_response(
                id,
                type=type,
                response_headers={"Access-Control-Allow-Origin": f"'{stage.allowed_origin}'"},
                templates={
                    "application/json": '{"error":{"code":"$context.error.responseType",'
                    '"message":$context.error.messageString,"details":[]}}'
                },
            )

    def add_route(self, method: str, path: str, function: lambda_.IFunction) -> None:
        """Hands `method` on `path` (`/orders/{OrderId}`) to `function`."""
        self.root.resource_for_path(path).add_method(
            method, apigateway.LambdaIntegration(function, allow_test_invoke=False)
        )
