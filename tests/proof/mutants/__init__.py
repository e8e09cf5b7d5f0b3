"""Whether the tests notice mistakes: each mutant is a small mistake, and at least one test has to fail for it."""

from tests.proof.mutants import program
from tests.proof.section import Section

TITLE = "Mistakes that the tests notice"
CLAIM = (
    "At least 95 of 100 small mistakes make a test of `make test` fail. The mistakes are a sample of the possible ones"
    " in the code of the functions, in the workflows and in the templates. In a group with fewer than 20 mistakes, one"
    " may stay unnoticed."
)
SAMPLE = "tests/tools/test_mutants.py"


def run(seed: str) -> Section:
    return program.section(seed)
