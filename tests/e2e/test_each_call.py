"""Makes each AWS call of each function fail. No order or reminder may be lost or handled twice.

`make proof PART=faults` tries each error and each trouble of each call. This test tries one for each call. The date
chooses it; set PROOF_SEED to another date to repeat its choice.
"""

from collections.abc import Iterator

import pytest

from tests.support.cloud import fault_proof
from tests.support.cloud.apps import Apps
from tests.support.cloud.between import calls_granted
from tests.support.cloud.fault_matrix import Matrix, fault_matrix
from tests.support.cloud.fault_plan import SEED, sample
from tests.support.cloud.fault_proof import Proof


@pytest.fixture(scope="module")
def matrix(apps: Apps) -> Iterator[Matrix]:
    with fault_matrix(apps.as_operator(), SEED) as matrix:
        yield matrix


@pytest.fixture(scope="module")
def proof(matrix: Matrix) -> Proof:
    return fault_proof.run(matrix, lambda places: sample(places, SEED))


def test_no_fault_of_a_call_loses_or_repeats_anything(matrix: Matrix, proof: Proof) -> None:
    print(
        f"{len(matrix.results)} cases, seed {SEED}; {proof.terms}",
        *(f"repeated: {one.line}" for one in matrix.repeated),
    )
    assert not proof.failures, "\n".join(proof.failures)


@pytest.mark.usefixtures("proof")
def test_the_matrix_reaches_every_call_that_a_function_may_make(matrix: Matrix) -> None:
    granted = {one for stack in ("Orders", "Reminders") for one in calls_granted(matrix.apps.cloud, stack)}

    assert fault_proof.missing(granted, matrix.reached) == []
    assert fault_proof.NOT_HERE.keys() <= granted
