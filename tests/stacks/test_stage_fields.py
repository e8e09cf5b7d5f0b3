"""Each field of a stage has a rule. A stage with an impossible value is refused, with the name of the field."""

import runpy
from dataclasses import is_dataclass, replace
from typing import Any

import pytest
from aws_cdk import RemovalPolicy
from aws_cdk.aws_lambda import ApplicationLogLevel
from aws_cdk.aws_logs import RetentionDays

from local.settings import PROJECT
from stacks import config
from stacks.config import ALL_STAGES, LOCAL, PROD
from stacks.stage import Stage
from stacks.stage_checks import mistakes
from stacks.stage_fields import RULES, values_of

NAN, INFINITE = float("nan"), float("inf")
NO_SWITCH = [1, 0, "yes", None]
NO_COUNT = [0, -1, 1.5, True, "5", NAN, INFINITE, 10**9]
NO_AMOUNT = [0, -1, NAN, INFINITE, True, "1", 10**12]
NO_SHARE = [-0.1, 1.1, 50, NAN, True, "0.5"]
NO_RATE = [0, 0.05, 1001, NAN, INFINITE, True, "14"]
NO_PATH = ["", "outbox", "https://our-cats.org", "/a b", "/"]
NO_TAG = ["", " ", "a" * 257, "cats & dogs", "a\nb", None]

IMPOSSIBLE: dict[str, list[Any]] = {
    "name": ["", "Dev", "1dev", "dev-", "de--v", "dev_1", "a" * 14, "développement", None, 7],
    "removal_policy": [RemovalPolicy.SNAPSHOT, "retain", None],
    "deletion_protection": NO_SWITCH,
    "termination_protection": NO_SWITCH,
    "log_retention": [RetentionDays.ONE_DAY, 7, None],
    "workflow_log_level": ["ALL", None],
    "system_log_level": ["WARN", None],
    "log_level": [ApplicationLogLevel.DEBUG, ApplicationLogLevel.TRACE, "INFO", None],
    "debug_sample": NO_SHARE,
    "traces_sampled": NO_SHARE,
    "cache": [True, "on", {}],
    "cache.node_type": ["t4g.small", "cache.t4g", "", "cache.t4g.small ", None],
    "cache.encrypted_in_transit": NO_SWITCH,
    "cache.budget_ms": [*NO_COUNT, 10_001],
    "order_workflow_type": ["EXPRESS", None],
    "card_rule": ["Luhn", "", None],
    "allowed_origin": ["", "our-cats.org", "https://our-cats.org/", "https://a.org https://b.org", "null", None],
    "allowed_emails": ["ann@our-cats.org", ["ann@our-cats.org"], ("ann",), ("a@our-cats.org b@our-cats.org",), None],
    "allowed_phones": ["+491701234567", ("0170 1234567",), ("+0123456789",), (491701234567,), None],
    "load": [4000, None],
    "load.orders_per_second": NO_COUNT,
    "load.lookups_per_second": NO_COUNT,
    "load.reminders_per_second": NO_COUNT,
    "load.peak": [0.9, 0, NAN, INFINITE, "2"],
    "load.prepared": NO_SWITCH,
    "throttle_rate": NO_COUNT,
    "throttle_burst": NO_COUNT,
    "limits": [100, None],
    "limits.reminders_waiting": NO_COUNT,
    "limits.reminders_a_day": NO_COUNT,
    "limits.texts_a_day": [-1, 1.5, True, "5", NAN, INFINITE, None],
    "sender": ["", "cats", "Cats <a@our-cats.org>", "a@our-cats.org,b@our-cats.org", None],
    "sender_identity": ["", "New", True, None],
    "seconds_watched_at_once": [*NO_COUNT, 301],
    "days_orders_are_kept": [*NO_COUNT, 29],
    "days_reminders_are_kept": [*NO_COUNT, None],
    "hours_reminders_may_be_late": [*NO_COUNT, None],
    "mails_per_second": NO_RATE,
    "texts_per_second": NO_RATE,
    "publishes_per_second": NO_RATE,
    "alarms": [None, {}],
    "alarms.least_requests": NO_COUNT,
    "alarms.least_late": NO_COUNT,
    "alarms.requests_expected": NO_COUNT,
    "alarms.hours_until_fulfilled": [*NO_COUNT, 169],
    "alarms.hours_until_operator": [*NO_COUNT, 169],
    "alarms.minutes_until_sent": NO_COUNT,
    "alarms.sms_limit_usd": NO_AMOUNT,
    "runbook_url": ["", "a b", "x" * 201, None],
    "budget_usd": NO_AMOUNT,
    "owner": NO_TAG,
    "cost_center": NO_TAG,
    "notify_parameter": ["", "aws-topic", "SSMtopic", "/aws/topic", "notify me", "a/b", "/a//b", None],
    "example_consumer": NO_SWITCH,
    "gradual": [10, True],
    "gradual.percent": [*NO_COUNT, 100],
    "gradual.minutes": [*NO_COUNT, 2101],
    "only_account": ["", "12345678901", "12345678901x", 123456789012],
    "outbox": NO_PATH,
    "demo_users": NO_PATH,
    "figures_key": ["", "a key", 7],
    "behind_the_scenes": NO_SWITCH,
    "source_url": ["", "github.com/our/cats", "javascript:alert(1)", "https://a.org/<x>"],
}
"""For each field, values that cannot work."""

POSSIBLE: dict[str, list[Any]] = {
    "name": ["eu-prod-2", "x", "a" * 13],
    "cache": [None],
    "allowed_origin": ["*", "https://our-cats.org", "http://127.0.0.1:8000"],
    "allowed_emails": [(), ("ann@our-cats.org", "Bob@Our-Cats.org")],
    "allowed_phones": [("+491701234567",)],
    "alarms.requests_expected": [1],
    "alarms.hours_until_fulfilled": [1, 168],
    "runbook_url": ["docs/runbook.md", "https://our-cats.org/runbook"],
    "owner": ["Team 1/cats: a+b=c@our-cats.org"],
    "notify_parameter": ["notifyme.eu_1", "/teams/cats/notifyme"],
    "only_account": [None, "1" * 12],
    "source_url": [None, "https://github.com/our/cats/blob/main"],
}
"""Unusual values that work."""


def changed(stage: Any, path: str, value: Any) -> Any:
    """`stage` with another value of the field with this path."""
    name, _, rest = path.partition(".")
    return replace(stage, **{name: changed(getattr(stage, name), rest, value) if rest else value})


def paths(stage: Stage) -> list[str]:
    return [path for path, _ in values_of(stage)]


def test_each_field_has_a_rule_and_impossible_values() -> None:
    """If this fails, add the rule of the field to stacks/stage_fields.py, and values that it refuses here."""
    assert list(RULES) == paths(PROD)
    assert list(IMPOSSIBLE) == paths(PROD)


def test_the_fields_of_each_part_are_looked_at() -> None:
    parts = {path for path, value in values_of(PROD) if is_dataclass(value)}

    assert {path.partition(".")[0] for path in RULES if "." in path} == parts


@pytest.mark.parametrize("path", RULES)
def test_an_impossible_value_is_refused_with_the_name_of_its_field(path: str) -> None:
    for value in IMPOSSIBLE[path]:
        found = [*mistakes([changed(PROD, path, value)])]

        assert len(found) == 1, (value, found)
        assert f" has {path}=" in found[0] and ": set it to " in found[0], found


@pytest.mark.parametrize("path", POSSIBLE)
def test_an_unusual_value_is_accepted(path: str) -> None:
    for value in POSSIBLE[path]:
        assert [*mistakes([changed(PROD, path, value)])] == []


@pytest.mark.parametrize(
    ("base", "settings", "names"),
    [
        (PROD, {"throttle_rate": 100}, ["`throttle_rate`", "`load`"]),
        (LOCAL, {"gradual": PROD.gradual}, ["`gradual`", "CodeDeploy"]),
        (PROD, {"outbox": "/_ministack"}, ["`outbox`", "`only_account`"]),
        (LOCAL, {"only_account": None, "cache": None}, ["`outbox`", "`only_account`"]),
        (LOCAL, {"only_account": "1" * 12, "cache": None}, ["`outbox`", "`only_account`"]),
        (PROD, {"cache.encrypted_in_transit": False}, ["cache.encrypted_in_transit=False", "TLS"]),
        (PROD, {"removal_policy": RemovalPolicy.DESTROY}, ["deletion_protection=True", "removal_policy=DESTROY"]),
        (PROD, {"hours_reminders_may_be_late": 721}, ["hours_reminders_may_be_late=721", "days_reminders_are_kept=30"]),
        (
            PROD,
            {"alarms.minutes_until_sent": 1441},
            ["alarms.minutes_until_sent=1441", "hours_reminders_may_be_late=24"],
        ),
        (PROD, {"alarms.least_requests": 264_001}, ["alarms.least_requests=264001", "`throttle_rate`"]),
        (PROD, {"alarms.requests_expected": 264_001}, ["alarms.requests_expected=264001", "`throttle_rate`"]),
        (
            PROD,
            {"load.orders_per_second": 12_122, "throttle_rate": 20_000},
            ["load.prepared=True", "load.orders_per_second", "40005"],
        ),
    ],
)
def test_settings_that_cannot_work_together_are_refused_with_their_names(
    base: Stage, settings: dict[str, Any], names: list[str]
) -> None:
    stage = base
    for path, value in settings.items():
        stage = changed(stage, path, value)

    (found,) = mistakes([stage])

    assert [name for name in names if name not in found] == [], found


def test_the_settings_of_our_stages_work_together() -> None:
    assert [*mistakes(ALL_STAGES)] == []


def test_a_stage_with_several_mistakes_names_all_of_them() -> None:
    found = [*mistakes([replace(PROD, budget_usd=NAN, owner="", throttle_rate=0)])]

    assert [name for name in ("budget_usd", "owner", "throttle_rate") if name not in "".join(found)] == []
    assert len(found) == 3


def test_synthesis_refuses_a_stage_that_the_context_has_made_impossible(monkeypatch: pytest.MonkeyPatch) -> None:
    impossible = config.stage_from_context({"sender": "cats"}.get)
    monkeypatch.setattr(config, "stage_from_context", lambda _: impossible)

    with pytest.raises(
        SystemExit, match="error: stacks/config.py: the stage dev has sender='cats': set it to an e-mail"
    ):
        runpy.run_path(str(PROJECT / "app.py"), run_name="__main__")


def test_synthesis_refuses_an_impossible_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "ALL_STAGES", [changed(PROD, "alarms.sms_limit_usd", NAN)])

    with pytest.raises(SystemExit, match="error: stacks/config.py: the stage prod has alarms.sms_limit_usd=nan: set"):
        runpy.run_path(str(PROJECT / "app.py"), run_name="__main__")
