"""How fast an instance of SendReminder sends, and what becomes of a message that SES or SNS does not accept."""

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from hypothesis import given
from hypothesis import strategies as st

from sending import pace
from sending.pace import Pace, Refusal, back_off, fails, refusal_of
from tests.support.aws_answers import refused


class Time:
    """A clock that only sleeping and `pass_by` move on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


def new_pace(time: Time, pause: float = 0.5) -> Pace:
    return Pace(pause, clock=time, sleep=time.pass_by)


def test_the_first_send_and_sends_at_a_trickle_do_not_wait(time):
    paced = new_pace(time)

    for gap in (0.5, 0.5, 7.0, 0.5):
        before = time()
        paced.wait()
        assert time() == before
        time.pass_by(gap)
        assert paced.seconds() == 0


def test_sends_that_follow_each_other_leave_the_pause_between_them(time):
    paced = new_pace(time)
    sent = []

    for _ in range(4):
        paced.wait()
        sent.append(time())
        time.pass_by(0.2)

    assert sent == [1000.0, 1000.5, 1001.0, 1001.5]


@given(st.lists(st.floats(0, 3), min_size=2, max_size=30))
def test_no_second_has_more_sends_than_the_rate(gaps):
    time = Time()
    paced, sent = new_pace(time), []

    for gap in gaps:
        paced.wait()
        sent.append(time())
        time.pass_by(gap)

    assert all(later - earlier >= 0.5 - 1e-9 for earlier, later in zip(sent, sent[1:], strict=False))


def test_the_pause_is_also_kept_when_the_next_call_gets_another_instance(time):
    paced = new_pace(time)

    paced.wait()
    paced.rest()

    assert time() == 1000.5


def test_an_instance_that_is_held_sends_nothing_and_does_not_sleep_through_it(time):
    paced = new_pace(time)
    paced.wait()

    paced.hold(300)
    paced.rest()

    assert time() == 1000.5
    assert paced.seconds() == 299.5


def test_a_short_hold_does_not_end_a_longer_one(time):
    paced = new_pace(time)

    paced.hold(300)
    paced.hold(1)

    assert paced.seconds() == 300


@pytest.mark.parametrize(
    ("service", "operation", "code", "message", "refusal"),
    [
        ("sesv2", "SendEmail", "TooManyRequestsException", "Maximum sending rate exceeded.", Refusal.THROTTLED),
        ("sesv2", "SendEmail", "TooManyRequestsException", "Daily message quota exceeded.", Refusal.SPENT),
        ("sesv2", "SendEmail", "LimitExceededException", "", Refusal.SPENT),
        ("sns", "Publish", "Throttling", "Rate exceeded", Refusal.THROTTLED),
        ("sesv2", "SendEmail", "MessageRejected", "Email address is not verified.", Refusal.FINAL),
        ("sesv2", "SendEmail", "SendingPausedException", "", Refusal.FINAL),
        ("sns", "Publish", "InvalidParameter", "Invalid parameter: PhoneNumber", Refusal.FINAL),
        ("sns", "Publish", "NotFound", "Topic does not exist", Refusal.FINAL),
        ("sns", "Publish", "KMSThrottling", "", Refusal.THROTTLED),
        ("sns", "CheckIfPhoneNumberIsOptedOut", "Throttled", "", Refusal.THROTTLED),
        ("sns", "Publish", "ThrottlingException", "Rate exceeded", Refusal.THROTTLED),
        ("sns", "Publish", "ParameterValueInvalid", "", Refusal.FINAL),
        ("sns", "Publish", "EndpointDisabled", "Endpoint is disabled", Refusal.FINAL),
        ("sns", "Publish", "OptedOut", "", Refusal.FINAL),
        ("sesv2", "SendEmail", "MailFromDomainNotVerifiedException", "", Refusal.FINAL),
        ("sesv2", "SendEmail", "AccountSuspendedException", "", Refusal.FINAL),
        ("sesv2", "SendEmail", "BadRequestException", "", Refusal.FINAL),
        ("sesv2", "SendEmail", "InternalFailure", "", Refusal.TEMPORARY),
        ("sns", "Publish", "AccessDenied", "", Refusal.UNKNOWN),
    ],
)
def test_each_refusal_says_what_becomes_of_the_message(service, operation, code, message, refusal):
    assert refusal_of(refused(service, operation, code, message)) is refusal


@pytest.mark.parametrize("error", [ReadTimeoutError(endpoint_url="x"), EndpointConnectionError(endpoint_url="x")])
def test_a_service_that_does_not_answer_is_tried_again(error):
    assert refusal_of(error) is Refusal.TEMPORARY


@pytest.mark.parametrize(
    ("refusal", "shortest", "longest"),
    [
        (Refusal.THROTTLED, [1, 1, 2, 4, 8, 15, 15], [1, 2, 4, 8, 16, 30, 30]),
        (Refusal.TEMPORARY, [1, 2, 4, 8, 16, 32, 64], [2, 4, 8, 16, 32, 64, 128]),
        (Refusal.SPENT, [300, 300], [600, 600]),
    ],
)
def test_a_message_stays_hidden_twice_as_long_after_each_receive(refusal, shortest, longest):
    assert [back_off(refusal, receives, lambda: 0.0) for receives in range(1, len(shortest) + 1)] == shortest
    assert [back_off(refusal, receives, lambda: 1.0) for receives in range(1, len(longest) + 1)] == longest


@pytest.mark.parametrize("refusal", Refusal)
def test_no_message_stays_hidden_longer_than_ses_asks_for(refusal):
    assert back_off(refusal, 1000, lambda: 1.0) == (30 if refusal is Refusal.THROTTLED else 600)


@pytest.mark.parametrize(("receives", "is_over"), [(1, False), (7, False), (8, True), (9, True)])
def test_an_unknown_refusal_fails_a_reminder_with_the_eighth_receive(receives, is_over):
    assert fails(Refusal.UNKNOWN, receives) is is_over


def test_an_instance_is_held_for_a_second_if_it_is_too_fast_and_for_five_minutes_if_the_quota_is_spent():
    assert pace.HOLD == {Refusal.THROTTLED: 1, Refusal.SPENT: 300}


def test_only_a_refusal_for_good_fails_a_reminder():
    final = {refusal for refusal in Refusal if fails(refusal, 1)}
    in_the_end = {refusal for refusal in Refusal if fails(refusal, 1000)}

    assert final == {Refusal.FINAL}
    assert in_the_end == {Refusal.FINAL, Refusal.UNKNOWN}
