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
                # It leaves out what the workflow's first write changes. So a new order costs the index two writes,
                # not four.
                Index(name=BY_STATUS, key="Status", sorted_by="UpdatedAt", fields=("Reasons", "ExecutionName")),
                # Exactly what is shown of an order, so that a list of somebody's own orders needs only the index.
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
