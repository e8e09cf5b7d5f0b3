"""The engine with few patches, which the benchmark compares with ours, still accepts the templates."""

import json
import subprocess
import sys
from collections.abc import Callable

from benchmarks.engine import UNPATCHED
from tests.support.templates.deployment import Deployment

# The program applies its patches and calls `main`. A `main` that prints the types lets the test run the program itself.
TYPES_ONLY = """
import json, runpy, sys
from ministack import app
from ministack.services.cloudformation import provisioners
app.main = lambda: print(json.dumps(list(provisioners._RESOURCE_HANDLERS)))
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def test_the_unpatched_engine_of_the_benchmark_accepts_each_type_of_the_templates(
    synthesised: Callable[..., Deployment],
) -> None:
    program = [sys.executable, "-c", TYPES_ONLY, str(UNPATCHED)]
    accepted = set(json.loads(subprocess.run(program, check=True, capture_output=True, text=True).stdout))

    types = {one["Type"] for one in synthesised("local").resources().values() if not one["Type"].startswith("Custom::")}

    missing = types - accepted
    assert not missing, f"benchmarks/unpatched_engine.py: apply the patch that adds {', '.join(sorted(missing))}"
