"""Each harmless survivor of the templates is a mutant of them. tests/tools/test_mutants.py checks the others."""

from tests.proof.mutants.survivors import OF_TEMPLATES, Survivors
from tests.proof.mutants.templates import of_templates
from tests.support.templates.deployment import Deployment


def test_each_harmless_survivor_is_a_mutant(with_everything: Deployment) -> None:
    mutants = of_templates({stack: dict(template) for stack, template in with_everything.templates.items()})
    names = [one.name for one in mutants]

    for entry in Survivors.read().entries:
        if OF_TEMPLATES in entry.place:
            # One mutant of a template must not make this test fail.
            assert sum(entry.fits(name, "") for name in names) > 1, entry
