"""The messages in the queues of a stage. They are lost when the stage is destroyed."""

import re

from stacks.names import STACKS
from tools.deployment import Deployment

COUNTS = (
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
)


def in_queues(found: Deployment) -> dict[str, int]:
    """How many messages each queue of the stage holds, by its construct id. Empty queues are left out.

    SQS only estimates the numbers.
    """
    sqs = found.client("sqs")
    urls = {id: url for stack in STACKS for id, url in found.resources(stack, "AWS::SQS::Queue").items()}
    counts = {}
    for id, url in urls.items():
        try:
            attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(COUNTS))["Attributes"]
        except sqs.exceptions.QueueDoesNotExist:
            continue
        if count := sum(int(attributes.get(one, 0)) for one in COUNTS):
            # A logical id is the construct id and CDK's hash of eight digits.
            counts[re.sub("[0-9A-F]{8}$", "", id)] = count
    return counts
