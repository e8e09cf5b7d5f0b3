"""The resource of a dashboard."""

from collections.abc import Iterable, Mapping, Sequence

from aws_cdk import CfnOutput, Fn, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from stacks.dashboards.widgets import Choice, Row, body


class Dashboard(cloudwatch.CfnDashboard):
    """A dashboard of CloudWatch. The stack output `<id>Url` holds its address in the console.

    CloudFormation generates its name, because the names of all stages in an account must differ.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        rows: Iterable[Row],
        alarms: Sequence[str],
        resources: Mapping[str, str],
        choices: Iterable[Choice] = (),
    ) -> None:
        stack = Stack.of(scope)
        found = {**resources, "Region": stack.region}
        text = stack.to_json_string(body(rows, alarms=alarms, resources=found, choices=choices))
        super().__init__(scope, id, dashboard_body=text)
        console = "https://console.aws.amazon.com/cloudwatch/home?region=${AWS::Region}#dashboards/dashboard/${Name}"
        self.name: str = self.ref
        CfnOutput(scope, f"{id}Url", value=Fn.sub(console, {"Name": self.name}))
