"""Takes every edge of the state machines, and lets every task fail with every error of AWS."""

import random

from tests.proof.cloud import proof_cloud
from tests.proof.paths.cases import STATES, faulty, usual
from tests.proof.paths.report import section
from tests.proof.paths.running import Result
from tests.proof.paths.running import run as run_cases
from tests.proof.section import Section

TITLE = "Every path of the workflows"
CLAIM = (
    "The edges are computed from the three state machines, and an execution takes each of them. Every task fails with"
    " every error that AWS can raise there, and each execution does what AWS's rules say. Afterwards the raw tables and"
    " queues are counted: each accepted order and reminder has exactly one end."
)
SAMPLE = "tests/e2e/test_paths.py"


def run(seed: str) -> Section:
    result = Result()
    with proof_cloud() as apps:
        apps.cloud.engine.limit_sending(mails=0, texts=0)
        run_cases(apps, usual(), result)
        cases = [case for state, route in result.routes.items() for case in faulty(state, route)]
        random.Random(seed).shuffle(cases)
        run_cases(apps, cases, result)
    result.failures += [f"no case reaches {state}" for state in STATES if state not in result.routes]
    return section(result)
