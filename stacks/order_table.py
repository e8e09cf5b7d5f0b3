"""The table of orders."""

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from orders.order import BY_TODO, CORRECTED, OWN_ORDERS
from orders.retention import EXPIRES_AT
from stacks.kept_table import Index, KeptTable
from stacks.stage import WRITES_OF_AN_ORDER, Stage


class OrderTable(KeptTable):
    """One row per order, found by its id, owner or corrector, or because it waits. A stream reports every change.

    `client_environment` holds the environment variables of functions that use the table.
    """

    def __init__(self, scope: Construct, id: str, *, stage: Stage) -> None:
        # See decision D156.
        busiest = stage.load.busiest_orders if stage.load.prepared else None
        super().__init__(
            scope,
            id,
            stage=stage,
            key="OrderId",
            indexes=(
                # Only orders that wait for an operator have the attribute `Todo`. A good order never writes this index.
                # The commands of operators read the two fields without reading the table.
                # See decision D138.
                Index(name=BY_TODO, key="Todo", sorted_by="UpdatedAt", fields=("Reasons", "ExecutionName")),
                # Nothing in this index changes after the claim, so a new order costs it one write. Lists read the rows
                # from the table. An owner has several keys, because one key takes 1,000 writes a second.
                # See decisions D014 and D018.
                Index(name=OWN_ORDERS, key="OwnPart", sorted_by="ReceivedAt", fields=(), warm_writes=busiest),
                # Only a corrected order has these attributes. One person corrects far fewer than 1,000 orders a second,
                # so the key needs no parts.
                Index(name=CORRECTED, key="CorrectedBy", sorted_by="CorrectedAt", fields=()),
            ),
            expires_at=EXPIRES_AT if stage.days_orders_are_kept else None,
            stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            warm_writes=busiest and WRITES_OF_AN_ORDER * busiest,
        )
        days = stage.days_orders_are_kept
        self.client_environment = {"ORDER_TABLE": self.table_name, "ORDER_DAYS": str(days) if days else ""}
