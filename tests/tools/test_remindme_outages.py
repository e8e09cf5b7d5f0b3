"""`remindme` while the API fails: requests are retried with the same key, and watching a reminder continues."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reminders import limits
from terminal.errors import CommandError
from tests.support.cognito import SignedInPerson
from tests.support.commands import Command
from tests.support.remindme import ID, REMINDER, FakeApi, refusal
from tests.support.servers import served
from tools.accounts.pool import NotNowError
from tools.api import Api
from tools.remindme import reminders


def test_without_an_answer_the_message_says_that_it_may_be_scheduled(remindme: Command, api: FakeApi) -> None:
    api.answers = [(0, None)]

    run = remindme("tea", "in 20m")

    assert run.status == 1
    assert "The reminder may have been scheduled: check with `list` before you try again" in run.err
    assert len(api.requests) == reminders.ATTEMPTS


@pytest.mark.parametrize("failures", [1, 2])
@pytest.mark.parametrize("failure", [(0, None), (503, refusal("Unavailable")), (500, b""), (429, refusal("Throttled"))])
def test_a_failed_request_is_retried_with_the_same_key(
    remindme: Command, api: FakeApi, failure: tuple[int, Any], failures: int
) -> None:
    api.answers = [failure] * failures + [(202, REMINDER)]

    run = remindme("tea", "in 20m")

    assert (run.status, run.err) == (0, "")
    assert len(set(map(str, api.requests))) == 1
    assert len(api.keys) == failures + 1
    assert len(set(api.keys)) == 1 and api.keys[0]


@pytest.mark.parametrize("status", [400, 403, 409, 422])
def test_a_refused_request_is_not_retried(remindme: Command, api: FakeApi, status: int) -> None:
    api.answers = [(status, refusal("InvalidRequest"))]

    assert remindme("tea", "in 20m").status == 1
    assert len(api.requests) == 1


@pytest.mark.parametrize("code", sorted(limits.CODES))
def test_a_person_who_has_reached_a_limit_is_told_so_at_once(remindme: Command, api: FakeApi, code: str) -> None:
    api.answers = [(429, refusal(code))]

    run = remindme("tea", "in 20m")

    assert (run.status, len(api.requests)) == (1, 1)
    assert f"the API answered 429: {code}" in run.err


def test_a_long_outage_is_reported(remindme: Command, api: FakeApi) -> None:
    api.answers = [(503, refusal("Unavailable"))]

    run = remindme("tea", "in 20m")

    assert (run.status, len(api.requests)) == (1, reminders.ATTEMPTS)
    assert "the API answered 503: Unavailable" in run.err


def test_each_new_reminder_has_a_new_key(remindme: Command, api: FakeApi) -> None:
    remindme("tea", "in 20m")
    remindme("tea", "in 20m")

    assert len(set(api.keys)) == 2


@pytest.fixture
def served_api(api: FakeApi) -> Iterator[Api]:
    with served(api.answer) as url:
        yield Api(url, SignedInPerson())


def test_the_pauses_of_watching_get_shorter_until_the_reminder_is_sent(served_api: Api, api: FakeApi) -> None:
    far = {**REMINDER, "dueAt": (datetime.now(UTC) + timedelta(days=300)).isoformat()}
    due = {**REMINDER, "dueAt": (datetime.now(UTC) - timedelta(days=1)).isoformat(), "status": "SENDING"}
    api.answers = [
        (200, far),
        (503, refusal("Unavailable")),
        (429, b""),
        (0, None),
        (200, due),
        (200, {**due, "status": "SENT"}),
    ]
    pauses: list[float] = []

    seen = [one["status"] for one in reminders.watched(served_api, ID, pause=pauses.append)]

    assert seen == ["SCHEDULED", "SENDING", "SENT"]
    assert pauses == [reminders.LONGEST_PAUSE_SECONDS] + [reminders.SHORTEST_PAUSE_SECONDS] * 4


def test_a_repeated_reminder_is_watched_until_its_first_occurrence_is_over(served_api: Api, api: FakeApi) -> None:
    api.answers = [(200, REMINDER), (200, {**REMINDER, "occurrence": 2})]

    once = iter([None])

    seen = [one["occurrence"] for one in reminders.watched(served_api, ID, pause=lambda _: next(once))]

    assert seen == [1, 2]


def test_watching_continues_if_a_token_cannot_be_renewed_at_the_moment(api: FakeApi) -> None:
    api.answers = [(200, {**REMINDER, "status": "SENT"})]
    somebody = SignedInPerson()
    somebody.failures = [NotNowError("busy"), NotNowError("busy")]

    with served(api.answer) as url:
        watched = list(reminders.watched(Api(url, somebody), ID, pause=lambda _: None))

    assert [one["status"] for one in watched] == ["SENT"]


def test_watching_ends_after_a_long_outage(served_api: Api, api: FakeApi) -> None:
    api.answers = [(503, refusal("Unavailable"))]

    with pytest.raises(CommandError, match="Unavailable: .*This does not affect the reminder"):
        list(reminders.watched(served_api, ID, pause=lambda _: None))

    assert len(api.requests) == reminders.FAILURES_IN_A_ROW
