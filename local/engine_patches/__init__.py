"""What the laptop cloud changes inside the engine, one module a patch.

Each module says why it exists and which line of the engine it replaces. Each has a row in docs/local.md, and a test
that fails once the engine does by itself what the patch makes it do.
"""


def apply() -> None:
    """Applies all patches, before the engine starts."""
    from local.engine_patches import (
        conditional_writes,
        express,
        numbers,
        outputs,
        streams,
        whole_state,
        workers,
        workflows,
    )

    for patch in (conditional_writes, express, numbers, outputs, streams, whole_state, workers, workflows):
        patch.apply()
