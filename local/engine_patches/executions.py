"""Executions that start at once.

The engine waits 150 ms before each execution (`services/stepfunctions.py:1765`).
"""

from ministack.services import stepfunctions

from local.engine_patches import lines


def apply() -> None:
    lines.replace(stepfunctions, "_run_execution", "    time.sleep(0.15)\n", "")
