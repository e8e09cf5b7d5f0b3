"""The stage's settings that say how long data of a person stays."""

import os

from account.elsewhere import Settings


def of_the_stage() -> Settings:
    return Settings(
        log_days=int(os.environ["LOG_DAYS"]),
        order_days=int(os.environ["ORDER_DAYS"]) if os.environ["ORDER_DAYS"] else None,
        has_cache=os.environ["CACHE"] == "on",
        has_histories=os.environ["ORDER_WORKFLOW_TYPE"] == "STANDARD",
        has_traces=os.environ["TRACES"] == "on",
    )
