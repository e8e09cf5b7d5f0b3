"""Versions of workflows and functions, and the alias that callers use.

See decisions D221 and D222.
"""

from aws_cdk import CfnDeletionPolicy, CfnResource

LIVE = "live"
"""The name of the alias."""


def keep_older_versions(version: CfnResource) -> None:
    """Keeps the version that a later one replaces, so that the alias can go back to it.

    Versions are deleted together with their workflow or function.
    """
    version.cfn_options.deletion_policy = CfnDeletionPolicy.DELETE
    version.cfn_options.update_replace_policy = CfnDeletionPolicy.RETAIN
