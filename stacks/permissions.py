"""Granting exactly what is used."""

from collections.abc import Mapping

from aws_cdk import aws_iam as iam


def allow(
    grantee: iam.IGrantable, *actions: str, on: str, only_if: Mapping[str, Mapping[str, str]] | None = None
) -> None:
    """Lets `grantee` do `actions` on the resource with the ARN `on`, under the conditions `only_if`.

    For what no `grant` of CDK's names exactly: that of a table, say, adds all of its indexes.
    """
    iam.Grant.add_to_principal(
        grantee=grantee,
        actions=list(actions),
        resource_arns=[on],
        conditions={operator: dict(pairs) for operator, pairs in only_if.items()} if only_if else None,
    )
