"""Every edge of the three workflows, and a fault for each way in which a task can fail.

`make proof PART=paths` tries every error that AWS can raise in each task.
"""

from tests.proof.paths.cases import MACHINES, STATES, Case, covering, faulty, usual
from tests.proof.paths.report import section
from tests.proof.paths.running import Result, differences, run
from tests.support.cloud.apps import Apps
from tests.support.cloud.watched import Taken
from tests.support.workflows.edges import edges

CHECK = "Are details Proper"


def test_every_edge_is_taken_and_nothing_is_lost(apps: Apps) -> None:
    result = Result()

    run(apps, usual(), result)
    missing = [edge for name in MACHINES for edge in result.missing(name)]
    run(apps, covering(result.routes, missing), result)

    assert result.failures == []
    assert {name: result.missing(name) for name in MACHINES} == {name: [] for name in MACHINES}
    assert result.routes.keys() == STATES.keys()


def a_case(**changes: object) -> Case:
    about = {"marker": "Case-abcdefghijkl", "route": "a good order", "state": CHECK, "error": "RuntimeError"}
    return Case(**about | {"times": 1} | changes)  # type: ignore[arg-type]


def taken(*ways: str, errors: tuple[str, ...] = ()) -> Taken:
    edges = [f"{CHECK}: {way}" for way in ways]
    return Taken("local-orders-OrderFulfillment-1", "{}", edges, [f"{CHECK}: {one}" for one in errors])


def one_of(*edges: str) -> Taken:
    return Taken("local-ReminderDelivery-1", "{}", list(edges), [])


def test_an_execution_that_does_what_aws_would_not_do_is_a_failure() -> None:
    case, good = a_case(), taken("Retry[1] retries", "Next")

    assert list(differences(case, [good])) == []
    assert "took" in next(differences(case, [taken("Retry[0] retries", "Next")]))
    assert "took" in next(differences(case, [good, taken("Next")]))
    assert "no execution reached the state" in next(differences(case, []))


def test_an_execution_that_should_die_and_goes_on_is_a_failure() -> None:
    case = a_case(dies=True)

    assert list(differences(case, [taken("uncaught", errors=("dies",))])) == []
    assert "took" in next(differences(case, [taken("Next", errors=("dies",))]))
    assert "went on" in next(differences(case, [taken("uncaught")]))


def test_a_lost_answer_of_a_write_that_cannot_be_repeated_ends_in_the_catch() -> None:
    case = a_case(state="Record the failure", error="States.Timeout", times=1000, after=True)

    assert [edge.partition(": ")[2] for edge in case.course] == [
        "Retry[1] retries",
        "Retry[0] does not retry",
        "Catch[0]",
    ]


def test_other_items_of_a_map_may_have_gone_on_before_one_dies() -> None:
    case = a_case(state="Which channel", route="all channels", error="", dies=True)
    one = Taken("local-ReminderDelivery-1", "{}", ["Which channel: Choices[1]"], ["Which channel: dies"])

    assert list(differences(case, [one])) == []
    assert "took" in next(differences(a_case(state="ChoiceState", dies=True), [one_of("ChoiceState: Choices[1]")]))


def test_an_edge_that_nothing_took_is_a_failure() -> None:
    result = Result(taken={name: set(edges(machine)) for name, machine in MACHINES.items()})
    everything = {line for line in section(result).failures if "no execution took" in line}
    result.taken["reminder"].remove("Timer: Next")

    assert not everything
    assert "reminder: no execution took Timer: Next" in section(result).failures


def test_each_error_fails_once_until_the_last_attempt_and_for_ever() -> None:
    cases = list(faulty("Park the order", "a check that fails"))
    timeouts = [(one.times, one.after) for one in cases if one.error == "States.Timeout"]

    assert sorted(timeouts) == [(1, False), (1, True), (4, False), (4, True), (1000, False), (1000, True)]
    assert all([fault.state for fault in one.faults] == [CHECK, "Park the order"] for one in cases)
