"""Gives the engine's CloudWatch the values that AWS's has, and evaluates the alarms.

On AWS each service publishes metrics of what it serves, CloudWatch makes metrics of log lines in the embedded metric
format and of metric filters, and alarms are evaluated every minute. The engine does none of this by itself.

See decision D205.
"""


def apply() -> None:
    """Starts measuring, before the engine starts. Needs the meter."""
    from local.metrics import evaluation, logs, reading, served, store

    store.apply()
    reading.apply()
    logs.apply()
    served.apply()
    evaluation.apply(served.sample)
