"""Keeps what a simulated table holds, and puts it back without a call. Calls of DynamoDB take most of a test's time."""

import copy
from typing import Any

from moto.core import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends


class Backup:
    def __init__(self, table: Any) -> None:
        """Keeps the rows of a table of boto3. Its rows have no sort key."""
        region = table.meta.client.meta.region_name
        self._table = dynamodb_backends[DEFAULT_ACCOUNT_ID][region].tables[table.name]
        self._rows = copy.deepcopy(self._table.items)

    def restore(self) -> None:
        self._table.items = copy.deepcopy(self._rows)

    def is_changed(self) -> bool:
        """Whether the table holds other rows than at the time of the backup."""
        return self._attributes(self._table.items) != self._attributes(self._rows)

    def _attributes(self, rows: Any) -> dict[Any, Any]:
        return {key: row.attrs for key, row in rows.items() if row}
