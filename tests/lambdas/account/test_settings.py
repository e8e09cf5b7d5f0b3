"""The stage's settings, as the stacks pass them on."""

import pytest

from account import settings
from account.elsewhere import Settings

PROD = {"LOG_DAYS": "90", "ORDER_DAYS": "", "CACHE": "on", "ORDER_WORKFLOW_TYPE": "STANDARD", "TRACES": "on"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, {}),
        ({"LOG_DAYS": "7"}, {"log_days": 7}),
        ({"ORDER_DAYS": "30"}, {"order_days": 30}),
        ({"CACHE": "off"}, {"has_cache": False}),
        ({"ORDER_WORKFLOW_TYPE": "EXPRESS"}, {"has_histories": False}),
        ({"TRACES": "off"}, {"has_traces": False}),
    ],
    ids=str,
)
def test_each_setting_says_how_long_or_where_data_stays(change, expected, monkeypatch):
    for name, value in (PROD | change).items():
        monkeypatch.setenv(name, value)

    everything = {"log_days": 90, "order_days": None, "has_cache": True, "has_histories": True, "has_traces": True}
    assert settings.of_the_stage() == Settings(**(everything | expected))
