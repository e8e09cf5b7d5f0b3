"""Counts the units of tables: of each call that the engine's `services/dynamodb.py` serves, also for workflows."""

import functools
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ministack.services import dynamodb, lambda_svc

from costs import capacity
from costs.capacity import Item
from local.meter import counter

Handler = Callable[[dict[str, Any]], Any]


class _Changes(threading.local):
    """The items that the current call of this thread has written: table, key, before, after."""

    seen: list[tuple[int, Any, Item | None, Item | None]] | None = None


_changes = _Changes()


def apply() -> None:
    dynamodb._set_item = watched_set(dynamodb._set_item)
    dynamodb._remove_item = watched_remove(dynamodb._remove_item)
    for name, count in COUNTS.items():
        setattr(dynamodb, name, counting(getattr(dynamodb, name), count))
    dynamodb._emit_stream_event = _counting_records(dynamodb._emit_stream_event)


def watched_set(write: Callable[..., Any]) -> Callable[..., Any]:
    def set_item(table: dict[str, Any], pk: Any, sk: Any, item: Item) -> Any:
        before = write(table, pk, sk, item)
        if _changes.seen is not None:
            _changes.seen.append((id(table), (pk, sk), before, item))
        return before

    return set_item


def watched_remove(write: Callable[..., Any]) -> Callable[..., Any]:
    def remove_item(table: dict[str, Any], pk: Any, sk: Any) -> Any:
        before = write(table, pk, sk)
        if _changes.seen is not None:
            _changes.seen.append((id(table), (pk, sk), before, None))
        return before

    return remove_item


def counting(handler: Handler, count: Callable[..., None]) -> Handler:
    @functools.wraps(handler)
    def counted(data: dict[str, Any]) -> Any:
        if counter.uncounted.get():
            return handler(data)
        outer, _changes.seen = _changes.seen, []
        try:
            answer = handler(data)
            count(data, answer, _changes.seen)
            return answer
        finally:
            _changes.seen = outer

    return counted


def _table(name: Any) -> Any:
    return dynamodb._tables.get(dynamodb._normalize_table_name(name))


def _error(answer: Any) -> str:
    """The name of the error that the engine answered with; empty if it answered with a result."""
    return str(json.loads(answer[2]).get("__type", "")).rpartition("#")[2] if answer[0] >= 400 else ""


def _add_write(table: dict[str, Any], before: Item | None, after: Item | None, *, transaction: bool = False) -> None:
    for index, units in capacity.written(table, before, after, transaction=transaction).items():
        counter.add("dynamodb.write", table["TableName"] + (f"/{index}" if index else ""), units)


def _add_read(table: dict[str, Any], bytes: int, *, consistent: bool, index: str | None = None, times: int = 1) -> None:
    resource = table["TableName"] + (f"/{index}" if index else "")
    counter.add("dynamodb.read", resource, times * capacity.read_units(bytes, consistent=consistent))


def _count_write(data: dict[str, Any], answer: Any, seen: list[tuple[int, Any, Item | None, Item | None]]) -> None:
    table, error = _table(data.get("TableName")), _error(answer)
    if table is None:
        return
    if not error and seen:
        for _, _, before, after in seen:
            _add_write(table, before, after)
    elif not error:
        # A deletion of a missing item.
        _add_write(table, None, None)
    elif error == "ConditionalCheckFailedException":
        item = dynamodb._get_item_by_key(table, data.get("Key") or data.get("Item"))
        _add_write(table, item, item)


def _count_transaction(data: dict[str, Any], answer: Any, seen: list[Any]) -> None:
    error = _error(answer)
    if error and error != "TransactionCanceledException":
        return
    changes = {(table, key): (before, after) for table, key, before, after in seen}
    for member in data.get("TransactItems") or ():
        [(kind, action)] = member.items()
        table = _table(action.get("TableName"))
        if table is None:
            continue
        item = dynamodb._get_item_by_key(table, action.get("Key") or action.get("Item"))
        key = tuple(
            dynamodb._resolve_table_key_values(table, action.get("Key") or action["Item"], allow_extra=True)[:2]
        )
        before, after = changes.get((id(table), key), (item, item))
        _add_write(table, before, after, transaction=True)


def _count_batch_write(data: dict[str, Any], answer: Any, seen: list[Any]) -> None:
    if _error(answer):
        return
    tables = {id(table): table for table in map(_table, data.get("RequestItems") or {}) if table}
    for table, _, before, after in seen:
        if table in tables:
            _add_write(tables[table], before, after)


def _count_get(data: dict[str, Any], answer: Any, seen: list[Any]) -> None:
    table = _table(data.get("TableName"))
    if table is None or _error(answer):
        return
    item = dynamodb._get_item_by_key(table, data["Key"])
    _add_read(table, capacity.size(item or {}), consistent=bool(data.get("ConsistentRead")))


def _count_batch_get(data: dict[str, Any], answer: Any, seen: list[Any]) -> None:
    if _error(answer):
        return
    left: Mapping[str, Any] = json.loads(answer[2]).get("UnprocessedKeys") or {}
    for name, request in (data.get("RequestItems") or {}).items():
        table = _table(name)
        for key in request["Keys"] if table else ():
            if key not in (left.get(name) or {}).get("Keys", ()):
                item = dynamodb._get_item_by_key(table, key)
                _add_read(table, capacity.size(item or {}), consistent=bool(request.get("ConsistentRead")))


def _count_transaction_get(data: dict[str, Any], answer: Any, seen: list[Any]) -> None:
    if _error(answer):
        return
    for member in data.get("TransactItems") or ():
        table = _table(member["Get"].get("TableName"))
        if table:
            item = dynamodb._get_item_by_key(table, member["Get"]["Key"])
            _add_read(table, capacity.size(item or {}), consistent=True, times=2)


def _count_query(data: dict[str, Any], answer: Any, seen: list[Any]) -> None:
    """A query or scan costs what it evaluated, before the filter and the projection of the answer."""
    table = _table(data.get("TableName"))
    if table is None or _error(answer):
        return
    found, index = json.loads(answer[2]), data.get("IndexName")
    definition = dynamodb._index_def(table, index) if index else None
    items = list(_evaluated(table, found, data))
    if definition:
        items = [capacity.projected(definition, table, item) or {} for item in items]
    bytes = sum(capacity.size(item) for item in items)
    _add_read(table, bytes, consistent=bool(data.get("ConsistentRead")), index=index)


def _evaluated(table: dict[str, Any], found: Mapping[str, Any], data: dict[str, Any]) -> Iterator[Item]:
    """The whole items of an answer. Items that a filter dropped are taken to be as large as the table's items are."""
    for item in found.get("Items") or ():
        try:
            yield dynamodb._get_item_by_key(table, item) or item
        except (KeyError, AttributeError, TypeError):
            yield item
    dropped = int(found.get("ScannedCount", 0)) - int(found.get("Count", 0))
    if dropped > 0:
        some = next((item for rows in table["items"].values() for item in rows.values()), None)
        for _ in range(dropped if some else 0):
            yield some or {}


def _counting_records(emit: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(emit)
    def counted(
        table_name: str, event_name: str, before: Item | None, after: Item | None, *rest: Any, **more: Any
    ) -> Any:
        answer = emit(table_name, event_name, before, after, *rest, **more)
        table = dynamodb._tables.get(table_name) or {}
        # The engine writes no record for a write that changes nothing, as on AWS.
        if (table.get("StreamSpecification") or {}).get("StreamEnabled") and before != after:
            counter.add("dynamodb.stream_record", table_name)
            _count_readers(table, dynamodb._stream_records[table_name][-1])
        return answer

    return counted


def _count_readers(table: dict[str, Any], record: dict[str, Any]) -> None:
    """Counts the record now, for each function that will get it, because a function may wait for more records."""
    for mapping in list(lambda_svc._esms._data.values()):
        is_reader = mapping.get("EventSourceArn") == table.get("LatestStreamArn") and mapping.get("Enabled", True)
        if is_reader and lambda_svc._apply_filter_criteria([record], mapping):
            counter.add("lambda.stream_record", mapping["FunctionName"])


COUNTS: dict[str, Callable[..., None]] = {
    "_put_item": _count_write,
    "_update_item": _count_write,
    "_delete_item": _count_write,
    "_transact_write_items": _count_transaction,
    "_batch_write_item": _count_batch_write,
    "_get_item": _count_get,
    "_batch_get_item": _count_batch_get,
    "_transact_get_items": _count_transaction_get,
    "_query": _count_query,
    "_scan": _count_query,
}
"""How each operation counts, by the name of its function in the engine."""
