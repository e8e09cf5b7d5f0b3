"""What is kept of orders."""

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from orders.order import BY_OWNER, BY_STATUS
from stacks.config import Stage
from stacks.kept_table import Index, KeptTable


class OrderTable(KeptTable):
    """A row for each order, found by its id, its status, or who placed it; what changes is in its stream.

    `client_environment` is what functions that use it need.
    """

    def __init__(self, scope: Construct, id: str, *, stage: Stage) -> None:
        super().__init__(
            scope,
            id,
            stage=stage,
            key="OrderId",
            indexes=(
                # What the workflow's first write changes of an order is not in it: of each new order it takes two
                # writes.
                Index(name=BY_STATUS, key="Status", sorted_by="UpdatedAt", fields=("Reasons", "ExecutionName")),
                # What is shown of an order and no more: a page of one's own is read from the index alone.
                Index(
                    name=BY_OWNER,
                    key="Owner",
                    sorted_by="ReceivedAt",
                    fields=("Name", "ItemName", "Price", "CardLast4", "Status", "Reasons", "UpdatedAt", "Note"),
                ),
            ),
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
        )
        self.client_environment = {"ORDER_TABLE": self.table_name}
