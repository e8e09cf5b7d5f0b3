"""Compares the load that the stage declares with the quotas of the account. See decision D156."""

from botocore.exceptions import BotoCoreError, ClientError

from costs.quotas import Quota
from tools.doctor.result import Result
from tools.doctor.target import Target
from tools.load.needs import Need, needs


def declared_load(target: Target) -> Result:
    """Names the quotas that are too small for the declared load. The account's own value counts, if AWS says it."""
    load = target.stage.load
    found = (
        f"{load.orders_per_second:,} orders, {load.lookups_per_second:,} lookups and {load.reminders_per_second:,} "
        f"reminders a second, at peaks {load.peak:g} times as many"
    )
    few = [text for need in needs(target.stage) if (text := _too_small(need, target))]
    if not few:
        return Result("ok", found)
    advice = "request a higher quota in Service Quotas, or lower `load` and `throttle_rate` in stacks/config.py"
    return Result("limited", "; ".join([found, *few]), advice)


def _too_small(need: Need, target: Target) -> str:
    """A sentence if the quota is too small; otherwise empty."""
    own = _of_account(need.default, target)
    value = need.default.value if own is None else own
    if need.amount <= value:
        return ""
    known = "the default" if own is None else "the account"
    return f"{need.default.what}: needs {need.amount:,.0f} ({need.because}), and {known} has {value:,.0f}"


def _of_account(quota: Quota, target: Target) -> float | None:
    """The account's value of a quota. None if we do not know its code, or if AWS does not say."""
    if not quota.code or target.on_laptop:
        return None
    try:
        answer = target.client("service-quotas").get_service_quota(ServiceCode=quota.service, QuotaCode=quota.code)
    except (BotoCoreError, ClientError):
        return None
    return float(answer["Quota"]["Value"])
