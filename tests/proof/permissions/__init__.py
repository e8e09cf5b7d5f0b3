"""Compares what the code, the workflows and the event sources need with what the templates grant, and tries both."""

from tests.proof.section import Section

TITLE = "Least privilege, both ways"
CLAIM = (
    "In each setting, every role may do exactly what it needs: by action, resource and condition. The needs are"
    " computed from the code, the workflows, the event sources and AWS's documentation, without the code of the grants."
    " Each permission is removed in turn, and each is made wider, and a check fails each time."
)
SAMPLE = "tests/stacks/test_least_privilege.py"


def run(seed: str) -> Section:
    # Only here, because tests import other modules of this package, and CDK takes seconds to start.
    from tests.proof.permissions.whole import run_whole

    return run_whole()
