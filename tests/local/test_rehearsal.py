"""A rehearsal lets a harmless upgrade pass, and names what breaks in a harmful one. See tests/rehearsal."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from local.cloud import Cloud
from local.users import PERSON
from tests.rehearsal import checks
from tests.rehearsal.everything import ANSWERED, BACK, KEPT, UPGRADE, Rehearsal, rehearse
from tests.rehearsal.filling import fill
from tests.support.cloud.apps import Apps
from tests.support.cloud.copied import copied
from tests.support.cloud.ending import end
from tests.support.cloud.planted import copy_with

pytestmark = [pytest.mark.story, pytest.mark.long]

FEW = 24
"""Requests during a deployment: three rounds."""


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Cloud, Path]]:
    """A laptop cloud with the tree as the old version, and the folder of its templates."""
    cloud = Cloud(replace(copied(tmp_path_factory.mktemp("rehearsal")), idle_seconds=3600))
    cloud.up(print)
    yield cloud, cloud.settings.assembly.rename(tmp_path_factory.mktemp("old") / "templates")
    end(cloud)


def rehearsed(old: tuple[Cloud, Path], into: Path, **replaced: str) -> Rehearsal:
    cloud, assembly = old
    new = copy_with(assembly, into / "new", **replaced)
    return rehearse(cloud, old=assembly, new=new, say=print, requests=FEW)


def test_a_harmless_upgrade_passes_and_so_does_the_way_back(old: tuple[Cloud, Path], tmp_path: Path) -> None:
    seen = rehearsed(old, tmp_path, **{"reminder not sent": "the reminder was not sent"})

    assert seen.problems == []
    names = [KEPT, ANSWERED, *checks.NAMES]
    assert {move: [one.name for one in found] for move, found in seen.checks.items()} == {UPGRADE: names, BACK: names}
    assert seen.moved[UPGRADE].changes["local-reminders"]["Modify"] > 0


def test_a_renamed_table_is_refused_before_it_is_deleted(old: tuple[Cloud, Path], tmp_path: Path) -> None:
    cloud, _ = old
    seen = rehearsed(old, tmp_path, OrderTable="OrdersTable")

    [problem] = [one for one in seen.problems if "OrderTable " in one]
    assert problem.startswith("upgrade: local-orders: Orders/OrderTable would be deleted, and its rows would be lost")
    assert "Orders/OrdersTable would be new" in problem
    places = cloud.places()
    assert cloud.engine.client("dynamodb").describe_table(TableName=places.order_table)["Table"]["ItemCount"] > 0


def test_each_check_names_what_is_not_as_before(old: tuple[Cloud, Path]) -> None:
    """The apps are whole here. So what was there before is falsified instead."""
    cloud, _ = old
    filled = fill(Apps(cloud, cloud.places(), user=cloud.users()[PERSON]))
    filled.orders["CLOSED"]["Note"], filled.orders["ESCALATED"]["Gone"] = "other", "field"
    filled.orders["PARKED"]["OrderId"] = filled.orders["ESCALATED, to correct"]["OrderId"] = "no-such-order"
    filled.orders["FULFILLMENT_QUEUED"] |= {"Price": "9"}
    filled.refresh_token, filled.parked = "not-a-token", "no-such-id"
    filled.dead["EscalationQueue"] = ["another message"]
    assert filled.to_cancel
    filled.to_cancel = replace(filled.to_cancel, id="no-such-reminder")

    problems = {check.name: check.problems for check in (look(filled) for look in checks.CHECKS)}

    assert problems[checks.CACHED] == ["the cached entry is read in another way than before"]
    assert {
        "Note of the order that was CLOSED was 'other' and is 'Called'",
        "the order that was ESCALATED has no field Gone any more",
        "the order that was PARKED is answered with 404",
    } <= {*problems[checks.SHOWN]}
    assert problems[checks.SESSIONS] == ["the refresh token is refused: NotAuthorizedException"]
    assert problems[checks.CORRECTED] == ["the correction of an escalated order is answered with 404"]
    assert problems[checks.MESSAGES] == [
        "EscalationQueue does not have its old dead letter again",
        "GET /parked does not list the old message: 200",
    ]
    [problem] = problems[checks.CHANGED]
    assert problem.startswith("DELETE of a waiting reminder is answered with 404")


def test_a_renamed_field_of_waiting_reminders_is_refused_by_its_name(old: tuple[Cloud, Path], tmp_path: Path) -> None:
    seen = rehearsed(old, tmp_path, waitUntil="dueUntil")

    assert [move for move in seen.checks] == [UPGRADE]
    assert "upgrade: the reminder 'e-mail' was not sent: it is SCHEDULED" in seen.problems
    payload = (
        "upgrade: the payload of a waiting reminder has waitUntil, which this version does not write, but dueUntil"
    )
    assert payload in seen.problems
