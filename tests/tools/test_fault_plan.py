"""The cases of the proof of faults: which errors there are, and how a seed chooses."""

from collections import Counter
from contextlib import nullcontext
from dataclasses import replace
from unittest.mock import MagicMock, Mock

import pytest
from botocore.parsers import create_parser

from tests.proof.faults import left_out
from tests.proof.faults.share import Case, Done, is_in
from tests.support.aws_answers import model_of
from tests.support.cloud import fault_matrix, fault_proof
from tests.support.cloud.fault_plan import READS, Place, Planned, every, kinds, sample
from tests.support.cloud.fault_verdicts import Result, judged, rights
from tests.support.cloud.journeys import Journey, Journeys
from tests.support.cloud.service_errors import CLASSES, COMMON, errors_of, service_of
from tests.support.cloud.troubles import (
    EVER,
    KILLED,
    KILLS,
    LAST,
    LOST,
    LOST_THEN_KILLED,
    OFTEN,
    ONCE,
    SAME_FOR_READS,
    TRANSPORT,
    Call,
    Fault,
)

SETTING = Journey("setting", frozenset({"Set"}), lambda _: 200)
WAITING = Journey("waiting", frozenset({"Set"}), lambda _: 200, waits=True)
ACTIONS = (
    *("dynamodb:GetItem", "dynamodb:PutItem", "sqs:SendMessage", "states:StartExecution", "ses:SendEmail"),
    *("ses:GetIdentityVerificationAttributes", "sns:Publish", "cognito-idp:AdminGetUser"),
)
PLACES = [
    Place(journey, Call("Set", action), 0, action.partition(":")[2])
    for action in ACTIONS
    for journey in (SETTING, WAITING)
]


@pytest.mark.parametrize("action", ACTIONS)
def test_botocore_reads_each_error_with_its_code_and_its_status(action: str) -> None:
    operation = model_of(service_of(action)).operation_model(action.partition(":")[2])
    errors = errors_of(service_of(action), operation.name)

    for error in errors:
        status, headers, body = error.answer()
        answer = {"status_code": status, "headers": headers, "body": body}
        parsed = create_parser(operation.service_model.resolved_protocol).parse(answer, operation.output_shape)
        assert error.code in (parsed["Error"]["Code"], parsed["Error"].get("QueryErrorCode"), error.shape)
        assert parsed["ResponseMetadata"]["HTTPStatusCode"] == error.status
    codes = [one.code for one in errors]
    assert {one.error_code for one in operation.error_shapes} | {one["code"] for one in COMMON["errors"]} <= {*codes}
    assert len(codes) == len({*codes})


def test_each_case_is_in_exactly_one_share() -> None:
    planned = every(PLACES, "a seed")

    assert [sum(is_in(one, share, 3) for share in range(3)) for one in planned] == [1] * len(planned)


def test_a_cloud_that_finds_the_calls_in_another_order_plans_the_same_cases() -> None:
    def cases(places: list[Place]) -> set[str]:
        return {f"{one.place.call}, {one.trouble}, {one.often}" for one in every(places, "a seed")}

    assert sample(PLACES, "a seed") == sample([*reversed(PLACES)], "a seed")
    again = replace(PLACES[0], nth=1)
    assert cases(PLACES) == cases([again, *reversed(PLACES)])


def test_a_case_that_no_share_has_run_is_named() -> None:
    case = Case("Set", "sqs:SendMessage", "silent", "silent", ONCE, False)
    done = Done([case], [case.name, "another one"], [], [], "")

    assert left_out([done]) == ["no share has run: another one"]


def test_the_whole_plan_has_each_error_of_each_call_and_each_fault_however_often() -> None:
    planned = every(PLACES, "a seed")

    errors = {(one.place.call, one.trouble) for one in planned if one.kind in CLASSES}
    often = {(one.place.call, one.kind, one.often) for one in planned}
    assert errors == {(place.call, error) for place in PLACES for error in place.errors}
    assert often == {
        (place.call, kind, how)
        for place in PLACES
        for kind in (*{one.kind for one in place.errors}, *TRANSPORT, *KILLS)
        for how in (OFTEN if kind not in KILLS else [ONCE])
        if not (READS.search(place.call.action) and kind in SAME_FOR_READS)
    }


def test_no_case_waits_for_a_function_that_has_nothing_left_to_do() -> None:
    seeds = [f"seed {number}" for number in range(100)]
    planned = [*every(PLACES, "a seed"), *(one for seed in seeds for one in sample(PLACES, seed))]

    waiting = [one for one in planned if one.place.journey is WAITING]
    assert waiting
    assert not [one for one in waiting if one.often == EVER or one.is_untrue]


def test_the_short_plan_has_each_kind_of_each_call_once() -> None:
    found = [(one.place.call, one.kind) for one in kinds(PLACES, "a seed")]

    assert sorted(found) == sorted({(one.place.call, one.kind) for one in every(PLACES, "a seed")})
    alone = [Place(replace(SETTING, alone=True), one.call, one.nth, one.operation) for one in PLACES[::2]]
    short = Counter(one.place.call for one in kinds(alone, "a seed", most_alone=3))
    assert short == {one.call: 3 for one in alone}


def test_a_seed_chooses_the_same_cases_again() -> None:
    assert every(PLACES, "a seed") == every(PLACES, "a seed") != every(PLACES, "another seed")
    assert sample(PLACES, "a seed") == sample(PLACES, "a seed") != sample(PLACES, "another seed")
    assert Counter(one.place.call for one in sample(PLACES, "a seed")) == Counter({one.call for one in PLACES})


@pytest.mark.parametrize(
    ("often", "met"),
    [
        (ONCE, [LOST, None, None, None, None, None]),
        (LAST, [LOST, LOST, None, None, None, None]),
        (EVER, [LOST, LOST, LOST, LOST, LOST, LOST]),
    ],
)
def test_a_fault_comes_as_often_as_it_says(often: str, met: list[str | None]) -> None:
    fault = Fault(PLACES[0].call, LOST, often, nth=1)

    seen = [fault.meets(PLACES[0].call, invocation, 2) for invocation in "001122334"]

    assert seen[2:-1] == met and seen[:2] == [None, None]
    assert fault.is_repeated()


def met(function: str, trouble: str, often: str) -> tuple[Planned, Fault]:
    """A case of a call of the function, and its fault after the first attempt."""
    call = Call(function, "dynamodb:PutItem")
    planned = Planned(Place(Journey("doing", frozenset({function}), lambda _: 200), call, 0, "PutItem"), trouble, often)
    fault = planned.fault()
    fault.meets(call, "a", 2)
    return planned, fault


@pytest.mark.parametrize(
    ("function", "trouble", "often", "right"),
    [
        ("PlaceOrder", LOST, ONCE, {200, 202}),
        ("PlaceOrder", LOST, LAST, {200, 202, 503}),
        ("PlaceOrder", KILLED, ONCE, {502}),
        ("WatchOrders", LOST, ONCE, {200, 202}),
        ("WatchOrders", LOST, EVER, {200, 202, 500}),
        ("WatchOrders", KILLED, ONCE, {500}),
        ("SendReminder", LOST, EVER, {200, 202}),
    ],
)
def test_only_these_statuses_are_right_under_a_fault(function: str, trouble: str, often: str, right: set[int]) -> None:
    assert rights(*met(function, trouble, often)) == right


def test_a_caller_who_cancels_a_reminder_may_come_after_the_failed_attempt() -> None:
    planned, fault = met("SendReminder", LOST, ONCE)
    journey = replace(planned.place.journey, then=frozenset({409}), late=frozenset({200}))
    planned = replace(planned, place=replace(planned.place, journey=journey))

    assert rights(planned, fault) == {200, 409}
    assert judged(planned, fault, [200], [409]).wrong == ""
    assert judged(planned, fault, [200], [200]).is_slow
    assert judged(planned, fault, [503], [409]).wrong == "the status under the fault is 503"


def test_a_case_that_a_busy_machine_may_have_spoiled_is_repeated_after_all_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fault_matrix, "hidden_for", lambda *_: nullcontext())
    first, last = (Planned(PLACES[0], trouble, ONCE) for trouble in (LOST, KILLED))
    proxy, done = Mock(), list[Planned]()
    matrix = fault_matrix.Matrix(MagicMock(), proxy, "seed", Journeys([first.place.journey], [], []))

    def result(planned: Planned, fresh: bool) -> Result:
        assert proxy.renew.call_count == (len(done) == 2), "only the second time needs a new process"
        done.append(planned)
        is_slow = len(done) == 1
        return Result(planned, (), "it took too long" if is_slow else "", is_slow)

    monkeypatch.setattr(matrix, "_places_of", lambda journey: [])
    monkeypatch.setattr(matrix, "_result_of", result)
    monkeypatch.setattr(fault_matrix, "AT_ONCE", 1)

    matrix.run(lambda places: [first, last])

    assert done == [done[0], done[1], done[0]] and {done[0], done[1]} == {first, last}
    assert [one.wrong for one in matrix.repeated] == ["it took too long"]
    assert [(one.planned, one.wrong) for one in matrix.results] == [(done[1], ""), (done[0], "")]


def test_a_client_with_a_single_attempt_survives_the_kill_in_the_second() -> None:
    planned, _ = met("PlaceOrder", LOST_THEN_KILLED, ONCE)
    fault = planned.fault()
    fault.meets(planned.place.call, "a", 1)

    assert rights(planned, fault) == {200, 202, 503}


def test_a_call_after_a_refused_call_may_be_answered_503() -> None:
    planned, fault = met("PlaceOrder", LOST, ONCE)
    journey = replace(planned.place.journey, first=(Call("PlaceOrder", "states:StartExecution"),))

    assert rights(replace(planned, place=replace(planned.place, journey=journey)), fault) == {200, 202, 503}


@pytest.mark.parametrize(
    ("under", "again", "wrong", "is_slow"),
    [
        ([503], [200], "", False),
        ([500], [200], "the status under the fault is 500", False),
        ([503], [404], "the status without the fault is 404", False),
        ([503], [503], "the status without the fault is 503", True),
        ([500], [503], "the status under the fault is 500", False),
    ],
)
def test_a_busy_machine_excuses_only_a_service_that_is_unavailable(
    under: list[int], again: list[int], wrong: str, is_slow: bool
) -> None:
    result = judged(*met("PlaceOrder", LOST, LAST), under, again)

    assert (result.wrong, result.is_slow) == (wrong, is_slow)


def test_a_call_without_a_journey_and_a_stale_excuse_are_failures() -> None:
    excused = next(iter(fault_proof.NOT_HERE))
    other = Call(excused.function, "dynamodb:DeleteItem")
    of_function = {one for one in fault_proof.NOT_HERE if one.function == excused.function}

    assert fault_proof.missing({*of_function, other}, {other}) == []
    assert len(fault_proof.missing({*of_function, other}, set())) == 1
    assert str(excused) in fault_proof.missing({*of_function, other} - {excused}, {other})[0]
