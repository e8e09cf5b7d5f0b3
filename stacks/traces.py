"""Which share of requests X-Ray traces.

See decision D210.
"""

from aws_cdk import Stack
from aws_cdk import aws_xray as xray
from constructs import Construct

from stacks.stage import Stage as Settings

API, WORKFLOW = "AWS::ApiGateway::Stage", "AWS::StepFunctions::StateMachine"
"""X-Ray's names for the services that decide whether a request is traced."""

PRIORITY = 100
"""Before X-Ray's own rule (10,000), which traces one request a second and 5 percent of the others."""

NOTHING_ELSE = 200
"""The priority of the rules for all other requests."""


def trace_requests(scope: Construct, *, stage: Settings, arn: str, path: str) -> None:
    """Traces the stage's share of `POST` requests to `path` of the API whose stage has this ARN, and no other request.

    X-Ray keeps the whole address of a request that API Gateway traces. The addresses of other routes have values that
    somebody typed: an id that may be a card number by mistake, a text to search for, an e-mail address.
    """
    _rule(scope, "Traces", stage, "api", stage.traces_sampled, type=API, arn=arn, method="POST", path=f"*{path}")
    _rule(scope, "NoTraces", stage, "api-rest", 0, type=API, arn=arn, priority=NOTHING_ELSE)


def trace_executions(scope: Construct, *, stage: Settings, workflow: str) -> None:
    """Traces the stage's share of the executions of `workflow` that no request has decided about."""
    _rule(scope, "Traces", stage, "workflow", stage.traces_sampled, type=WORKFLOW, service=workflow)


def _rule(
    scope: Construct,
    id: str,
    stage: Settings,
    name: str,
    share: float,
    *,
    type: str,
    service: str = "*",
    arn: str = "*",
    method: str = "*",
    path: str = "*",
    priority: int = PRIORITY,
) -> None:
    xray.CfnSamplingRule(
        scope,
        id,
        sampling_rule=xray.CfnSamplingRule.SamplingRuleProperty(
            rule_name=f"{Stack.of(scope).stack_name}-{name}",
            priority=priority,
            fixed_rate=share,
            # Requests in each second that are traced in addition to the share.
            reservoir_size=0,
            service_type=type,
            service_name=service,
            resource_arn=arn,
            host="*",
            http_method=method,
            url_path=path,
            version=1,
        ),
    )
