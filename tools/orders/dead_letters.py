"""Which queues have dead letters; `common.queues` moves them."""

import json

from tools.deployment import Deployment


def queues_of(deployment: Deployment) -> dict[str, tuple[str, str]]:
    """The URLs of each queue among the outputs that has a dead-letter queue, and of that, by the queue's name."""
    sqs = deployment.client("sqs")
    found = {}
    for output, url in deployment.outputs.items():
        if not output.endswith("QueueUrl"):
            continue
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["RedrivePolicy"]).get("Attributes", {})
        if "RedrivePolicy" in attributes:
            arn = json.loads(attributes["RedrivePolicy"])["deadLetterTargetArn"]
            dead_letters = sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
            found[output.removesuffix("Url")] = (url, dead_letters)
    return found
