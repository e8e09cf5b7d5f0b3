"""Whether the tests notice mistakes: each mutant is a small mistake, and at least one test has to fail for it."""

from tests.proof.mutants import program
from tests.proof.section import Section

TITLE = "Mistakes that the tests notice"
CLAIM = (
    "Small mistakes in the code of the functions, in the workflows and in the templates make at least one test of "
    "`make test` fail: 95 of 100 or more, in all and in each group."
)
SAMPLE = "tests/tools/test_mutants.py"


def run(seed: str) -> Section:
    return program.section(seed)
