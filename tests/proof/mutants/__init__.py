"""Whether the tests notice mistakes: each mutant is a small mistake, and at least one test has to fail for it."""

from tests.proof.mutants import program
from tests.proof.section import Section

TITLE = "Mistakes that the tests notice"
CLAIM = (
    "At least 95 of 100 small mistakes make a test of `make test` fail: in the code of the functions, in the workflows"
    " and in the templates. The mistakes are a sample of the possible ones. In each group of a sample, at least 90 of"
    " 100 are noticed, or all but one."
)
SAMPLE = "tests/tools/test_mutants.py"


def run(seed: str) -> Section:
    return program.section(seed)
