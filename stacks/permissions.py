"""Grants exactly the permissions that are used."""

from collections.abc import Mapping

from aws_cdk import aws_iam as iam


def allow(
    grantee: iam.IGrantable, *actions: str, on: str, only_if: Mapping[str, Mapping[str, str]] | None = None
) -> None:
    """Allows `grantee` the `actions` on the resource with the ARN `on`, under the conditions `only_if`.

    Use it where CDK's own `grant` method allows more: a table's, for example, includes all indexes.
    """
    iam.Grant.add_to_principal(
        grantee=grantee,
        actions=list(actions),
        resource_arns=[on],
        conditions={operator: dict(pairs) for operator, pairs in only_if.items()} if only_if else None,
    )
