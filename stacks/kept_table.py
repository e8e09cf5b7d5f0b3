"""Defaults for a DynamoDB table whose data must not get lost."""

from collections.abc import Sequence
from dataclasses import dataclass

from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from stacks.stage import Stage


@dataclass(frozen=True, kw_only=True)
class Index:
    """An index that finds rows by the field `key`, sorted by the field `sorted_by` if there is one.

    A query on the index returns the keys of index and table, and `fields`; if `fields` is None, it returns whole rows.
    The index has only the rows that have its keys. DynamoDB cannot change the `fields` of an existing index.
    """

    name: str
    key: str
    sorted_by: str | None = None
    fields: tuple[str, ...] | None = None

    warm_writes: int | None = None
    """The write units per second that the index takes from its first minute on. A new index takes 4,000."""


class KeptTable(dynamodb.Table):
    """A table with the partition key `key`: paid per request, encrypted, restorable to any second of the last 35 days.

    The stage decides whether `cdk destroy` keeps it. `expires_at` names the field that holds a row's expiry time, in
    seconds since 1970; DynamoDB deletes expired rows. `stream` says what the table's stream contains of each change.
    `warm_writes` is the same for the table as for an index.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        key: str,
        indexes: Sequence[Index] = (),
        expires_at: str | None = None,
        stream: dynamodb.StreamViewType | None = None,
        warm_writes: int | None = None,
    ) -> None:
        super().__init__(
            scope,
            id,
            partition_key=text_key(key),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            deletion_protection=stage.deletion_protection,
            removal_policy=stage.removal_policy,
            time_to_live_attribute=expires_at,
            stream=stream,
            warm_throughput=_warm(warm_writes),
        )
        for index in indexes:
            kind = dynamodb.ProjectionType.ALL
            if index.fields is not None:
                kind = dynamodb.ProjectionType.INCLUDE if index.fields else dynamodb.ProjectionType.KEYS_ONLY
            self.add_global_secondary_index(
                index_name=index.name,
                partition_key=text_key(index.key),
                sort_key=text_key(index.sorted_by) if index.sorted_by else None,
                projection_type=kind,
                non_key_attributes=list(index.fields) if index.fields else None,
                warm_throughput=_warm(index.warm_writes),
            )

    def index_arn(self, name: str) -> str:
        """The resource that a query on the index `name` needs permission for."""
        return f"{self.table_arn}/index/{name}"


def _warm(writes: int | None) -> dynamodb.WarmThroughput | None:
    """What DynamoDB prepares for `writes` write units per second.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/warm-throughput.html
    """
    return dynamodb.WarmThroughput(write_units_per_second=writes) if writes else None


def text_key(name: str) -> dynamodb.Attribute:
    """A key field that holds text."""
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
