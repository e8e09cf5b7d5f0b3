"""Deploys a second orders app, with a Standard workflow, next to the usual one."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from local import gaps, users
from local.addresses import api_url
from local.cloud import Cloud
from tests.support.cloud.apps import Apps
from tests.support.cloud.deployed import deploy_stacks


def deploy_beside(apps: Apps) -> Apps:
    """Deploys the second orders app. Returns the apps with it in place of the usual one."""
    # Imported here, because importing CDK starts Node, and few tests need it.
    from tests.support.cloud import standard

    cloud = apps.cloud
    with TemporaryDirectory() as templates:
        standard.synthesise(Path(templates))
        deploy_stacks(cloud.engine, Path(templates))
    gaps.widen_sqs_grants(cloud.engine)
    identity, orders = (_outputs(cloud, stack) for stack in (standard.IDENTITY, standard.ORDERS))
    users.create(cloud.engine, identity["UserPoolId"], cloud.users())
    places = replace(
        apps.places,
        orders_api=api_url(cloud.settings.endpoint, orders["ApiUrl"]),
        order_table=orders["OrderTableName"],
        fulfillment_queue=orders["OrderFulfillmentQueueUrl"],
        escalation_queue=orders["EscalationQueueUrl"],
        parked_queue=orders["ParkedQueueUrl"],
        order_workflow=orders["OrderFulfillmentStateMachineArn"],
        user_pool=identity["UserPoolId"],
        web_client=identity["WebClientId"],
    )
    return Apps(cloud, places, user=apps.user)


def _outputs(cloud: Cloud, stack: str) -> dict[str, str]:
    (found,) = cloud.engine.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}
