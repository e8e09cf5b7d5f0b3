"""The example consumer of fulfilled orders: its queues, its function and its shipments."""

import hashlib
import json
from collections import Counter
from typing import Any

from local.cloud import Cloud
from tests.support.names import unique


class Shop:
    """The fulfillment queue, its dead-letter queue, the consumer and its shipments."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.places = cloud.places()
        self.queue = self.places.fulfillment_queue
        self._sqs = cloud.engine.client("sqs")
        redrive = json.loads(self._attribute("RedrivePolicy"))
        dead_letters = redrive["deadLetterTargetArn"].rpartition(":")[2]
        self.dead_letters = self._sqs.get_queue_url(QueueName=dead_letters)["QueueUrl"]

    def send(self, *bodies: str) -> None:
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
        for first in range(0, len(entries), 10):
            sent = self._sqs.send_message_batch(QueueUrl=self.queue, Entries=entries[first : first + 10])
            assert not sent.get("Failed")

    def shipped(self) -> Counter[str]:
        """The number of shipments of each order."""
        scan = self.cloud.engine.client("dynamodb").get_paginator("scan")
        pages = scan.paginate(TableName=self.places.shipment_table, ConsistentRead=True)
        return Counter(item["OrderId"]["S"] for page in pages for item in page["Items"])

    def invoke(self, body: str) -> list[dict[str, str]]:
        """Calls the function with one message. Returns the messages that it reports as failed."""
        (function,) = [
            each["FunctionName"]
            for page in self.cloud.engine.client("lambda").get_paginator("list_functions").paginate()
            for each in page["Functions"]
            if "ShipOrder" in each["FunctionName"]
        ]
        event = {"Records": [{"messageId": "m", "body": body, "eventSource": "aws:sqs"}]}
        answer = self.cloud.engine.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
        assert "FunctionError" not in answer
        return list(json.load(answer["Payload"])["batchItemFailures"])

    def first_shipped_at(self, order_id: str) -> str:
        """When the order was shipped first, as far as the table still has a shipment."""
        scan = self.cloud.engine.client("dynamodb").get_paginator("scan")
        pages = scan.paginate(TableName=self.places.shipment_table, ConsistentRead=True)
        items = (item for page in pages for item in page["Items"] if item["OrderId"]["S"] == order_id)
        return min(str(item["ShippedAt"]["S"]) for item in items)

    def is_recorded(self, order_id: str) -> bool:
        """Whether Powertools still has its record of the work for an order."""
        scan = self.cloud.engine.client("dynamodb").get_paginator("scan")
        pages = scan.paginate(TableName=self._record_table(), ConsistentRead=True)
        return any(digest_of(order_id) in item["id"]["S"] for page in pages for item in page["Items"])

    def _record_table(self) -> str:
        stacks = self.cloud.engine.client("cloudformation")
        found = stacks.describe_stack_resources(StackName="local-fulfillment")["StackResources"]
        [table] = [one for one in found if one["LogicalResourceId"].startswith("IdempotencyTable")]
        return str(table["PhysicalResourceId"])

    def expire_work(self, digest: str) -> None:
        """Makes the function's record of work in progress expire, as it does after the function's timeout."""
        table = self._record_table()
        dynamodb = self.cloud.engine.client("dynamodb")
        for page in dynamodb.get_paginator("scan").paginate(TableName=table):
            for item in page["Items"]:
                if digest in item["id"]["S"] and "in_progress_expiration" in item:
                    item["in_progress_expiration"] = {"N": "0"}
                    dynamodb.put_item(TableName=table, Item=item)

    def empty(self) -> bool:
        return not self.cloud.engine.queued(self.queue)

    def dead_letter_bodies(self) -> list[str]:
        return [message["Body"] for message in self.cloud.engine.queued(self.dead_letters)]

    def hide_for(self, seconds: str) -> str:
        """Sets for how long a received message is hidden. Returns the value before."""
        before = self._attribute("VisibilityTimeout")
        self._sqs.set_queue_attributes(QueueUrl=self.queue, Attributes={"VisibilityTimeout": seconds})
        return before

    def _attribute(self, name: str) -> str:
        answer = self._sqs.get_queue_attributes(QueueUrl=self.queue, AttributeNames=[name])
        return str(answer["Attributes"][name])


def digest_of(order_id: str) -> str:
    """How Powertools' record of the work for an order names the order."""
    return hashlib.sha256(json.dumps(order_id).encode()).hexdigest()


def message(**fields: Any) -> tuple[str, str]:
    """The id and the message of a new order."""
    order_id = unique("S-")
    order = {"OrderId": order_id, "Name": "Zoë", "ItemName": "Lamp", "Price": "12.50", "ExecutionId": "arn"}
    return order_id, json.dumps({**order, **fields}, ensure_ascii=False)
