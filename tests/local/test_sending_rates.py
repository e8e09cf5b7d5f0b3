"""The engine refuses mails and texts above its limits, as AWS does, and lets waiting executions go on in turn."""

import asyncio
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ministack import app
from ministack.core import persistence
from ministack.services import ses, ses_v2, sns, sqs, stepfunctions

from local import homes, settings
from local.engine_patches import mails, queues, sending_rates, waking
from local.engine_patches.sending_rates import Bucket
from local.errors import DamagedError
from tests.support.names import unique
from tests.support.waiting import eventually

MAIL = {"Source": "a@example.com", "Destination.ToAddresses.member.1": "b@example.com", "Message.Subject.Data": "x"}
V2_MAIL: dict[str, Any] = {
    "FromEmailAddress": "a@example.com",
    "Destination": {"ToAddresses": ["b@example.com"]},
    "Content": {"Simple": {"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}}},
}
TEXT = {"PhoneNumber": "+15555550100", "Message": "x"}


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The engine's own services. The functions that the patch replaces are restored after the test."""
    for module, names in (
        (ses, ("_send_email", "_get_send_quota", "get_state", "load_persisted_state")),
        (ses_v2, ("handle_request",)),
        (sns, ("_publish",)),
        (app, ("_handle_admin_config_request", "_handle_ses_messages_request")),
    ):
        for name in names:
            monkeypatch.setattr(module, name, getattr(module, name))
    for module in (ses, ses_v2):
        monkeypatch.setattr(module, "_message_rejection", lambda *_: None)
    ses.reset()
    yield
    ses.reset()
    sns.reset()


def v2(method: str, path: str, body: Any = None) -> tuple[int, dict[str, str], Any]:
    status, headers, answer = asyncio.run(
        ses_v2.handle_request(method, f"/v2/email/{path}", {}, json.dumps(body or {}).encode(), {})
    )
    return status, headers, json.loads(answer)


def configure(**limits: float) -> None:
    body = {f"{'sns' if name.startswith('TEXTS') else 'ses'}.{name}": value for name, value in limits.items()}
    asyncio.run(app._handle_admin_config_request("/_ministack/config", "POST", json.dumps(body).encode()))


@pytest.mark.parametrize("patched", [False, True])
def test_the_engine_accepts_any_number_of_mails_and_texts(engine: None, patched: bool) -> None:
    if patched:
        sending_rates.apply()
        configure(MAILS_PER_SECOND=2, TEXTS_PER_SECOND=2)

    sent = [ses._send_email(MAIL)[0] for _ in range(3)]
    texts = [sns._publish(TEXT)[0] for _ in range(3)]

    assert sent == texts == [200, 200, 400 if patched else 200]


@pytest.mark.parametrize("patched", [False, True])
def test_the_engine_forgets_the_headers_of_a_mail(engine: None, patched: bool) -> None:
    if patched:
        mails.apply()
    header = {"Name": "X-Request-Id", "Value": "1"}
    simple = {**V2_MAIL["Content"]["Simple"], "Headers": [header]}
    tags = [{"Name": "reminder", "Value": "2"}]

    assert v2("POST", "outbound-emails", {**V2_MAIL, "Content": {"Simple": simple}, "EmailTags": tags})[0] == 200

    (mail,) = ses._sent_emails_list()
    assert (mail.get("Headers"), mail.get("Tags")) == (([header], tags) if patched else (None, None))


@pytest.mark.parametrize("patched", [False, True])
def test_the_engine_forgets_the_mails_when_it_stops(engine: None, patched: bool) -> None:
    if patched:
        mails.apply()
    assert v2("POST", "outbound-emails", V2_MAIL)[0] == 200
    sent = ses._sent_emails_list()[:]

    saved = json.dumps(ses.get_state(), default=persistence._json_default)
    ses.reset()
    ses.load_persisted_state(json.loads(saved, object_hook=persistence._json_object_hook))

    assert ses._sent_emails_list() == (sent if patched else [])


def test_both_apis_of_ses_share_the_rate_and_refuse_in_their_own_form(engine: None) -> None:
    sending_rates.apply()
    configure(MAILS_PER_SECOND=2)
    assert v2("POST", "outbound-emails", V2_MAIL)[0] == ses._send_email(MAIL)[0] == 200

    status, _, body = ses._send_email(MAIL)
    v2_status, headers, v2_body = v2("POST", "outbound-emails", V2_MAIL)

    assert (status, v2_status, headers["x-amzn-errortype"]) == (400, 429, "TooManyRequestsException")
    assert b"<Code>Throttling</Code><Message>Maximum sending rate exceeded.</Message>" in body
    assert v2_body["message"] == "Maximum sending rate exceeded."


def test_the_daily_quota_has_the_same_code_and_another_text(engine: None) -> None:
    sending_rates.apply()
    configure(MAILS_PER_DAY=1)
    ses._send_email(MAIL)
    assert b"Daily message quota exceeded." in ses._send_email(MAIL)[2]

    ses._sent_emails_list()[0]["Timestamp"] = time.time() - 86_401

    assert ses._send_email(MAIL)[0] == 200


def test_the_account_names_its_limits(engine: None) -> None:
    sending_rates.apply()
    configure(MAILS_PER_SECOND=3, MAILS_PER_DAY=200)

    quota = v2("GET", "account")[2]["SendQuota"]
    assert (quota["MaxSendRate"], quota["Max24HourSend"]) == (3.0, 200.0)
    assert b"<MaxSendRate>3.0</MaxSendRate>" in ses._get_send_quota({})[2]


def test_a_topic_is_not_limited_like_a_phone_number(engine: None) -> None:
    sending_rates.apply()
    configure(TEXTS_PER_SECOND=1)

    refused = [sns._publish({"TopicArn": "arn:aws:sns:us-east-1:000000000000:none", "Message": "x"}) for _ in range(3)]

    assert {status for status, *_ in refused} == {404}


def test_a_bucket_holds_one_second_and_fills_at_its_rate() -> None:
    clock = Clock()
    bucket = Bucket(clock)

    def taken() -> int:
        return sum(bucket.take(10) for _ in range(100))

    assert taken() == 10
    clock.now = 0.55
    assert taken() == 5
    clock.now = 60
    assert taken() == 10
    assert bucket.take(0.5) is False
    clock.now = 62
    assert bucket.take(0.5) is True


def test_a_mail_counts_once_for_each_recipient() -> None:
    bucket = Bucket(Clock())

    assert bucket.take(5, count=4) is True
    assert bucket.take(5, count=2) is False


def test_executions_that_wake_together_go_on_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stepfunctions, "_SFN_WAIT_SCALE", 1)
    slept: list[float] = []
    clock = Clock()
    sleep = waking.in_turn(slept.append, waking.Turns(4, clock=clock))

    for _ in range(3):
        sleep(30)
    sleep(31)
    assert slept == [30, 30.25, 30.5, 31]

    clock.now = 60
    sleep(30)
    monkeypatch.setattr(stepfunctions, "_SFN_WAIT_SCALE", 0)
    sleep(30)
    assert slept[4:] == [30, 30]


def test_the_engine_lets_all_waiting_executions_go_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(stepfunctions.time, "sleep", slept.append)
    monkeypatch.setattr(stepfunctions, "_SFN_WAIT_SCALE", 1)

    for _ in range(3):
        stepfunctions._scaled_sleep(30)

    assert slept == [30, 30, 30]


def test_waits_that_have_begun_end_on_request() -> None:
    waits, ended = waking.Waits(), list[bool]()

    def wait() -> None:
        waits.sleep(3600)
        ended.append(True)

    threads = [threading.Thread(target=wait, daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()

    def end() -> int:
        # A thread may begin its wait only now.
        waits.end()
        return len(ended)

    eventually(end, until=lambda seen: seen == 2)


def patch_queues(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*queues.ACTIONS, *queues.STEPS, "load_persisted_state"):
        monkeypatch.setattr(sqs, name, getattr(sqs, name))
    monkeypatch.setattr(sqs, "_HANDLERS", dict(sqs._HANDLERS))
    queues.apply()


@pytest.mark.parametrize("patched", [False, True])
def test_a_message_that_is_sent_while_others_are_received_needs_a_patch(
    monkeypatch: pytest.MonkeyPatch, patched: bool
) -> None:
    """Without the patch it is lost."""
    if patched:
        patch_queues(monkeypatch)
    dead = sqs._act_create_queue({"QueueName": unique("dead-")}, "")["QueueUrl"]
    arn = sqs._get_q(dead)["attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
    url = sqs._act_create_queue({"QueueName": unique("live-"), "Attributes": {"RedrivePolicy": policy}}, "")["QueueUrl"]
    sending = threading.Thread(target=sqs._act_send_message, args=({"QueueUrl": url, "MessageBody": "new"}, url))

    class Messages(list[Any]):
        """Sends when the sweep has read all messages. With the patch, the send waits for the sweep to end."""

        def __iter__(self) -> Iterator[Any]:
            yield from super().__iter__()
            if not sending.ident:
                sending.start()
                sending.join(timeout=0.2 if patched else None)

    queue = sqs._get_q(url)
    queue["messages"] = Messages()
    sqs._dlq_sweep(queue)
    sending.join()

    assert [message["body"] for message in queue["messages"]] == (["new"] if patched else [])


@pytest.mark.parametrize("patched", [False, True])
def test_a_message_that_was_received_before_a_stop_needs_a_patch(
    monkeypatch: pytest.MonkeyPatch, patched: bool
) -> None:
    """Without the patch it stays hidden after the start, although the stop has ended the function that received it."""
    if patched:
        patch_queues(monkeypatch)
    url = sqs._act_create_queue({"QueueName": unique("hidden-")}, "")["QueueUrl"]
    for body, delay in (("received", 0), ("delayed", 900)):
        sqs._act_send_message({"QueueUrl": url, "MessageBody": body, "DelaySeconds": delay}, url)
    sqs._receive_messages_for_esm(url, 10)

    sqs.load_persisted_state(sqs.get_state())

    assert [message["body"] for message in sqs._receive_messages_for_esm(url, 10)] == (["received"] if patched else [])


def test_the_limits_are_remembered(tmp_path: Path) -> None:
    homes.mark(tmp_path)
    assert (settings.load(tmp_path).mails_per_second, settings.load(tmp_path).texts_per_second) == (14, 20)
    settings.load(tmp_path, mails_per_second=1, texts_per_second=0).remember(*settings.RATES)

    assert (settings.load(tmp_path).mails_per_second, settings.load(tmp_path).texts_per_second) == (1, 0)
    assert settings.load(tmp_path, mails_per_second=0).mails_per_second == 0


def test_a_limit_below_zero_is_a_damaged_setting(tmp_path: Path) -> None:
    homes.mark(tmp_path)
    (tmp_path / homes.SETTINGS).write_text('{"mails_per_second": -1}')

    with pytest.raises(DamagedError):
        settings.load(tmp_path)
