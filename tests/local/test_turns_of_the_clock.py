"""How a turn of the cloud's clock is asked for, awaited and stopped, and which times are too far."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from local.engine import Clock as EngineClock
from local.engine import Engine
from local.engine_patches import clock as engine_clock
from local.engine_patches.turning import Clock, RefusedError
from local.errors import LocalError
from local.settings import Settings

Asked = list[str]
"""The requests that an engine got: the method and the query."""


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., tuple[Engine, Asked]]:
    """Makes an engine that answers requests about its clock with these clocks, or raises these errors, in order."""

    def made(*answers: EngineClock | BaseException) -> tuple[Engine, Asked]:
        asked, left = Asked(), iter(answers)

        def send(method: str, url: str, **_: Any) -> SimpleNamespace:
            asked.append(f"{method} {urlsplit(url).query}".strip())
            answer = next(left)
            if isinstance(answer, BaseException):
                raise answer
            return SimpleNamespace(status_code=200, text=json.dumps(answer._asdict()))

        monkeypatch.setattr("local.engine.send", send)
        monkeypatch.setattr(time, "sleep", lambda _: None)
        return Engine(Settings(home=tmp_path, port=1, redis_port=2)), asked

    return made


STANDS = EngineClock.real_time(began=0)._replace(begun=1, ended=1)
TURNS = STANDS._replace(ended=0, target=2_000_000_000.0)
SLOW = ReadTimeoutError(endpoint_url="http://engine")


def test_a_turn_goes_on_if_the_engine_is_too_busy_to_answer(
    answering: Callable[..., tuple[Engine, Asked]],
) -> None:
    engine, asked = answering(TURNS, *[SLOW] * 11, TURNS, *[SLOW] * 11, STANDS)

    assert engine.turn_clock(to=5) == STANDS

    assert asked == ["POST to=5.000000000", *["GET"] * 24]


@pytest.mark.parametrize("answers", [[SLOW], [TURNS, *[SLOW] * 12]], ids=["first", "later"])
def test_an_engine_that_does_not_answer_for_a_minute_may_still_turn_its_clock(
    answering: Callable[..., tuple[Engine, Asked]], answers: list[EngineClock | BaseException]
) -> None:
    engine, _ = answering(*answers)

    with pytest.raises(LocalError, match="may still turn its clock"):
        engine.turn_clock(to=5)


def test_a_turn_that_somebody_else_stops_is_no_success(answering: Callable[..., tuple[Engine, Asked]]) -> None:
    at = 1_800_000_000.0
    engine, asked = answering(STANDS._replace(now=at), TURNS, STANDS._replace(now=at + 60))

    with pytest.raises(LocalError, match="somebody stopped the clock at 2027-01-15T08:01:00Z, before its time"):
        engine.turn_clock(by=3600)

    assert asked == ["GET", "POST by=3600.000000000", "GET"]


def test_an_engine_that_has_died_is_reported_at_once(answering: Callable[..., tuple[Engine, Asked]]) -> None:
    engine, asked = answering(TURNS, EndpointConnectionError(endpoint_url="http://engine"))

    with pytest.raises(EndpointConnectionError):
        engine.turn_clock(to=5)

    assert asked == ["POST to=5.000000000", "GET"]


@pytest.mark.parametrize("answers", [[], [TURNS], [TURNS, SLOW]])
@pytest.mark.parametrize("turn", [lambda engine: engine.turn_clock(to=5), lambda engine: engine.real_clock()])
def test_an_interrupt_stops_the_turn_at_each_moment(
    answering: Callable[..., tuple[Engine, Asked]],
    turn: Callable[[Engine], object],
    answers: list[EngineClock | BaseException],
) -> None:
    """Also before the engine has confirmed the turn."""
    engine, asked = answering(*answers, KeyboardInterrupt(), STANDS)

    with pytest.raises(KeyboardInterrupt):
        turn(engine)

    assert len(asked) == len(answers) + 2
    assert asked[-1] == "POST stop=1"


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"to": "253402300740"}, "9999-12-31T23:59:00Z is too far ahead: the clock goes to 2200-01-01T00:00:00Z"),
        *(
            (query, "this time is too far ahead: the clock goes to 2200-01-01T00:00:00Z")
            for query in ({"by": f"{99_999_999 * 86_400}"}, {"to": "1e300"}, {"by": "1e300"})
        ),
        *((query, "so its clock cannot go back to this time") for query in ({"to": "-1e300"}, {"by": "-1e300"})),
    ],
    ids=str,
)
def test_a_time_beyond_the_bounds_is_refused_with_its_bound(query: dict[str, str], said: str) -> None:
    turning = Clock(lambda _: (), unsettled=lambda: [])

    with pytest.raises(RefusedError, match=said):
        engine_clock.do(turning, *engine_clock.asked(query))

    assert (turning.begun, turning.target) == (0, None)
