"""The patches that the laptop cloud applies to the engine, one module for each patch.

Each module says why it exists and which line of the engine it replaces. Each has a row in docs/local.md, and a test
that fails once the engine no longer needs the patch.
"""


def apply() -> None:
    """Applies all patches, before the engine starts."""
    from local.engine_patches import clock

    # First, because modules may note when they were imported.
    clock.restore()
    from local import meter, metrics
    from local.engine_patches import (
        bounds,
        conditional_writes,
        endings,
        express,
        expressions,
        garbage,
        mails,
        numbers,
        once,
        outputs,
        queues,
        renewals,
        sending_rates,
        server,
        streams,
        tables,
        tasks,
        types,
        updates,
        versions,
        waking,
        whole_state,
        workers,
        workflows,
        zones,
    )

    for patch in (
        conditional_writes,
        # Before express, which wraps functions that this one replaces lines of.
        versions,
        express,
        expressions,
        numbers,
        once,
        outputs,
        queues,
        renewals,
        sending_rates,
        # After sending_rates, which replaces a line of the function that this one wraps.
        mails,
        server,
        streams,
        tables,
        tasks,
        types,
        updates,
        waking,
        whole_state,
        workers,
        workflows,
        zones,
        # After waking, and after the patches that replace lines of the functions which it wraps.
        endings,
        # After the patches whose lines it replaces, too, and of whose functions it wraps some.
        clock,
        # Last, because it wraps functions that other patches replace.
        bounds,
    ):
        patch.apply()
    # After the patches, because it counts what the patched engine does.
    meter.apply()
    metrics.apply()
    # Last, because it keeps what is there.
    garbage.apply()
