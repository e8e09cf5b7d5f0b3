"""The workflow accepts by hand every reminder that the API accepts, and the function can send what the API starts."""

import json
import math
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.caller import OPERATORS
from reminders import create_reminder, executions
from reminders.mail import mail_of
from reminders.schedule_reminder import handler as check
from sending import messages
from tests.support.handlers.aws import client_of
from tests.support.handlers.events import post, signed_in, status_and_body

DAYS = st.integers(-1, 370).map(lambda days: (datetime.now(UTC) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S"))
EMAILS = st.sampled_from(["jo@example.com", "JO@Example.com", "a@b", "ada@exämple.com", "x" * 250 + "@b.cd", "", " "])
PHONES = st.sampled_from(["+4915112345678", "+1", "0151", "", "+49 151 12345678", "+" + "1" * 16])
MESSAGES = st.one_of(st.text(max_size=20), st.text("a€🐈", min_size=60, max_size=700), st.just("a" * 1401))
WHENS = st.one_of(
    st.fixed_dictionaries({"waitSeconds": st.one_of(st.integers(-1, 31_536_001), st.from_regex("[0-9]{1,8}\n?"))}),
    st.fixed_dictionaries({"timestamp": DAYS.map("{}Z".format)}, optional={"timeZone": st.just("Asia/Tokyo")}),
    st.fixed_dictionaries(
        {"timestamp": DAYS.map(lambda text: text.replace("T", " ")), "timeZone": st.sampled_from(["UTC", "nowhere"])},
        optional={"fold": st.sampled_from([0, 1])},
    ),
)
REPEATS = st.fixed_dictionaries(
    {"every": st.sampled_from(["1d", "5m", "1m", "12M", "13M"])},
    optional={"times": st.integers(0, 1001), "until": DAYS.map("{}Z".format)},
)
MORE = st.fixed_dictionaries(
    {"message": MESSAGES, "preference": st.sampled_from(["email", "sms", "both", "topic"])},
    optional={"subject": st.text(max_size=101), "email": EMAILS, "phone": PHONES, "repeat": REPEATS},
)


@pytest.mark.usefixtures("account", "reminder_table")
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(when=WHENS, more=MORE, email=EMAILS, phone=PHONES)
def test_the_workflow_accepts_every_reminder_that_the_api_accepts(when, more, email, phone):
    started, began = [], time.monotonic()
    caller = {"email": email, "phone_number": phone, "cognito:groups": OPERATORS}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client_of(executions, "stepfunctions"), "start_execution", lambda **given: started.append(given))
        status, _ = status_and_body(create_reminder.handler(signed_in(post({**more, **when}), **caller), None))

    assert (status, len(started)) in ((202, 1), (400, 0))
    for one in started:
        sent = json.loads(one["input"])
        asked = {**sent_by_hand(more, sent), **when}
        by_hand = check({"Input": asked, "ExecutionId": f"arn:execution:by-hand-{one['name']}"}, None)
        # A reminder that was started by hand has no request, and each of both waits until its own end.
        own = dict.fromkeys(("reminderId", "waitUntil", "requestId", *({"waitSeconds"} & sent.keys())), "")
        assert {**by_hand, **own} == {**sent, **own}
        if "waitSeconds" in sent:
            at_most, passed = int(when["waitSeconds"]), math.ceil(time.monotonic() - began)
            assert max(0, at_most - passed) <= sent["waitSeconds"] <= at_most
            assert max(0, at_most - passed) <= by_hand["waitSeconds"] <= at_most
        message = {"ExecutionId": "arn:this", "Channel": sent["channels"][0], "Reminder": sent}
        assert messages.read(json.dumps(message), receives=1).reminder == sent
        if "email" in sent["channels"]:
            assert mail_of(sent).recipient == sent["email"]


def sent_by_hand(more: dict[str, Any], sent: dict[str, Any]) -> dict[str, Any]:
    """The request with the addresses that the API has added. By hand there is no caller who has them."""
    return {**more, **{name: sent[name] for name in ("email", "phone") if name in sent}}
