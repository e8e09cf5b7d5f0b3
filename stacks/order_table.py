"""The table of orders."""

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from orders.order import BY_OWNER, BY_STATUS
from stacks.config import Stage
from stacks.kept_table import Index, KeptTable


class OrderTable(KeptTable):
    """One row per order, found by id, status or owner. A stream reports every change.

    `client_environment` holds the environment variables of functions that use the table.
    """

    def __init__(self, scope: Construct, id: str, *, stage: Stage) -> None:
        super().__init__(
            scope,
            id,
            stage=stage,
            key="OrderId",
            indexes=(
                # The index leaves out the fields that the workflow's first write changes. So a new order costs the
                # index two writes instead of four.
                # See decision D014.
                Index(name=BY_STATUS, key="Status", sorted_by="UpdatedAt", fields=("Reasons", "ExecutionName")),
                # The index holds every field that a list shows, so a list of the caller's own orders reads only the
                # index.
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
