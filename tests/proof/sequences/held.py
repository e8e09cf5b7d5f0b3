"""A version of the order workflow in which executions wait in the middle, until somebody ends their wait."""

import json

from tests.support.cloud.apps import Apps

HELD_SECONDS = 250
"""Less than the workflow's own timeout."""


class Held:
    """Routes new executions to that version, or to the deployed one. The engine saves the routes."""

    def __init__(self, apps: Apps) -> None:
        self._client, workflow = apps.cloud.engine.client("stepfunctions"), apps.places.order_workflow
        self._alias = f"{workflow}:live"
        self._usual = self._client.describe_state_machine_alias(stateMachineAliasArn=self._alias)[
            "routingConfiguration"
        ]
        usual = self._client.describe_state_machine(stateMachineArn=workflow)["definition"]
        definition = json.loads(usual)
        states = definition["States"]
        states["Go on"] = states["Are details Proper"]
        states["Are details Proper"] = {"Type": "Wait", "Seconds": HELD_SECONDS, "Next": "Go on"}
        made = self._client.update_state_machine(
            stateMachineArn=workflow, definition=json.dumps(definition), publish=True
        )
        self._client.update_state_machine(stateMachineArn=workflow, definition=usual)
        self._held = [{"stateMachineVersionArn": made["stateMachineVersionArn"], "weight": 100}]

    def hold(self, on: bool) -> None:
        routes = self._held if on else self._usual
        self._client.update_state_machine_alias(stateMachineAliasArn=self._alias, routingConfiguration=routes)
