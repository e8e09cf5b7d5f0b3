"""What is kept of orders."""

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from stacks.config import Stage

BY_STATUS = "ByStatus"
"""Index: Status, then UpdatedAt."""

BY_OWNER = "ByOwner"
"""Index: Owner, then ReceivedAt."""


class OrderTable(dynamodb.Table):
    """A row for each order, found by its id, its status, or who placed it; what changes is in its stream."""

    def __init__(self, scope: Construct, id: str, *, stage: Stage) -> None:
        super().__init__(
            scope,
            id,
            partition_key=_text("OrderId"),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            deletion_protection=stage.deletion_protection,
            removal_policy=stage.removal_policy,
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
        )
        # What the workflow's first write changes of an order is not in it: of each new order it takes two writes.
        self.add_global_secondary_index(
            index_name=BY_STATUS,
            partition_key=_text("Status"),
            sort_key=_text("UpdatedAt"),
            projection_type=dynamodb.ProjectionType.INCLUDE,
            non_key_attributes=["Reasons", "ExecutionName"],
        )
        # What is shown of an order and no more: a page of one's own is read from the index alone.
        self.add_global_secondary_index(
            index_name=BY_OWNER,
            partition_key=_text("Owner"),
            sort_key=_text("ReceivedAt"),
            projection_type=dynamodb.ProjectionType.INCLUDE,
            non_key_attributes=["Name", "ItemName", "Price", "CardLast4", "Status", "Reasons", "UpdatedAt", "Note"],
        )


def _text(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
