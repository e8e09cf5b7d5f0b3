"""Judges what the search has found, and writes the section of the page."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence

from tests.corpora.encodings import ENCODED
from tests.proof.leaks.cards import ANYTHING_ELSE, Planting, wrongly_accepted
from tests.proof.leaks.client import Sent
from tests.proof.leaks.detector import GONE_WITH_THE_CLOUD
from tests.proof.leaks.forms import HIDDEN, PLAIN, SCRIPTED
from tests.proof.leaks.inside import ORDERS_BY_HAND, REMINDERS_BY_HAND
from tests.proof.leaks.people import People
from tests.proof.leaks.places import BODIES, CC, CREDENTIALS, FIELDS, HEADERS, PASSES, PATHS, TEXTS
from tests.proof.leaks.stores import Search, is_secret
from tests.proof.section import Figure, Section
from tests.support.cloud.written import ENCRYPTED

Leaks = Sequence[tuple[str, str, str]]

EXPECTED = {"trace", "answer", "refusal", "output", "encrypted"}
"""The kinds of data without a leak on purpose. There must be some of each."""

IDS = ("OrderId", "path of a lookup")
"""The places of requests that hold the id of an order."""

STARTED = re.compile("history: .*(Started|Entered|Exited|Scheduled)")
"""The events of a history that repeat the input of an execution."""


def section(
    planting: Planting, people: People, sent: Sequence[Sent], running: Search, stopped: Search, leaks: Leaks
) -> Section:
    missed = [*_missed(leaks, running, "the running cloud"), *_missed_in_files(leaks, stopped)]
    on_purpose = {plant for plant, *_ in leaks}
    failures = [
        *(f"{one.plant}: no answer, {one.written}" for one in sent if not one.status),
        *(f"no {kind} was searched" for kind in sorted(EXPECTED - running.searched.keys())),
        *wrongly_accepted(planting, [one for one in sent if one.plant in planting.plants.cards]),
        *of_cards(planting, running, but=on_purpose),
        *of_cards(planting, stopped, but=on_purpose, when=" after `down`"),
        *of_people(running),
        *of_people(stopped, when=" after `down`"),
        *missed,
    ]
    cards, in_files = len(planting.plants.cards) - len(leaks), len(leaks) - len(_gone(leaks))
    figures = [
        Figure("planted card numbers", cards),
        Figure("planted people", people.count),
        Figure("requests", len(sent)),
        Figure("leaks that were planted on purpose and found", len(leaks) - _count(missed, "running"), len(leaks)),
        Figure("the same in the files of the stopped cloud", in_files - _count(missed, "files"), in_files),
        Figure("pieces of data that were searched", sum(running.searched.values()) + sum(stopped.searched.values())),
        Figure("bytes that were searched", running.bytes + stopped.bytes),
        Figure("card numbers outside of the encrypted input", _count(failures, "the card of")),
        Figure("names, addresses and numbers in logs, metrics, traces and refusals", _count(failures, "a person's")),
    ]
    return Section(figures, text(planting, running, stopped), failures)


def _count(lines: Sequence[str], words: str) -> int:
    return sum(words in line for line in lines)


def of_cards(planting: Planting, search: Search, *, but: Collection[str] = (), when: str = "") -> Iterator[str]:
    """The cards that were found where they may not be. `but` has plants that are left out."""
    for (plant, place), form in search.cards.items():
        if plant not in but and not may_be(planting, plant, place):
            yield f"the card of {plant} is in {place}{when}, {form}"


def may_be(planting: Planting, plant: str, place: str) -> bool:
    """Whether a planted card may be in a place."""
    if place == ENCRYPTED:
        return plant in planting.given | planting.passes
    if plant in planting.started and STARTED.search(place):
        return True
    if plant in planting.in_queue and ("queue " in place or place.endswith("sqs.json")):
        return True
    if place.startswith("answer of a function"):
        # CheckSignUp returns its event, as Cognito wants it.
        return plant in planting.given
    if _is_id(plant):
        # It is the id of an order then, which logs, traces and the cache have, too.
        return True
    return plant in planting.passes and not is_secret(place) and not place.endswith("logs.json")


def _is_id(plant: str) -> bool:
    """Whether the APIs take a plant for the id of an order, because its form does not count there."""
    place, _, form = plant.rpartition(", no. ")[0].partition(", ")
    return place in IDS and form in PASSES["OrderId"]


def of_people(search: Search, *, when: str = "") -> Iterator[str]:
    """The data of people that was found where none may be."""
    found = Counter[tuple[str, str]]()
    for (_, what, place), _count in search.persons.items():
        if is_secret(place) or place.endswith("logs.json"):
            found[what, place] += 1
    yield from (f"a person's {what} is in {place}{when}, {count} people" for (what, place), count in found.items())


def _missed(leaks: Leaks, search: Search, where: str) -> Iterator[str]:
    for plant, pattern, _ in leaks:
        if not any(found == plant and re.fullmatch(pattern, place) for found, place in search.cards):
            yield f"the search of {where} missed the {plant}"


def _missed_in_files(leaks: Leaks, search: Search) -> Iterator[str]:
    found, gone = {plant for plant, _ in search.cards}, _gone(leaks)
    yield from (f"the search of the files missed the {plant}" for plant, *_ in leaks if plant not in {*found, *gone})


def _gone(leaks: Leaks) -> set[str]:
    return {plant for plant, _, store in leaks if store in GONE_WITH_THE_CLOUD}


def text(planting: Planting, running: Search, stopped: Search) -> str:
    groups = {
        "texts that are stored": TEXTS,
        "other fields": FIELDS,
        "bodies": BODIES,
        "paths and queries": PATHS,
        "headers that the APIs read": CREDENTIALS,
        "the card number of an order": CC,
    }
    counts = planting.counts
    planted = [
        *((name, f"{len(places)} places", sum(counts[one] for one in places)) for name, places in groups.items()),
        ("other headers and queries", f"{len(HEADERS) + 1} places", counts[ANYTHING_ELSE]),
        ("inputs of workflows", "by hand", sum(counts[one] for one in (*ORDERS_BY_HAND, *REMINDERS_BY_HAND))),
        ("events of functions", "by hand", counts["events of functions"]),
        ("messages of parked orders", "by hand", counts["messages by hand"]),
        ("the user pool", "sign-up and sign-in", counts["the user pool"]),
        ("command lines", "arguments and files", counts["command lines"]),
    ]
    stores = sorted(running.searched | stopped.searched)
    searched = [(name, running.searched[name] or "", stopped.searched[name] or "") for name in stores]
    return "\n\n".join(
        [
            "#### Where card numbers were planted",
            _table(("where", "how", "cards"), planted),
            f"They have {len(PLAIN)} forms with the digits 0 to 9, {len(SCRIPTED)} with digits of other scripts and"
            f" styles, {len(ENCODED)} that programs encode, and {len(HIDDEN)} that somebody hides by hand.",
            "#### Where card numbers may be",
            _table(("cards", "may be in", "planted", "found"), _allowed(planting, running)),
            "#### What was searched",
            _table(("store", "pieces", "after `down`"), searched),
        ]
    )


def _allowed(planting: Planting, search: Search) -> Iterator[tuple[object, ...]]:
    """The exceptions, with their decisions, how many cards have each, and how many of them the search has found."""
    found = {plant for plant, _ in search.cards}
    for what, where, plants in (
        ("the card number of an order, and inputs of workflows by hand", "the execution's input", planting.given),
        ("reminders by hand", "the history's copies of the input", planting.started),
        (
            "forms that do not count ([D028, D252](decisions/card-numbers.md))",
            "stored texts",
            planting.passes,
        ),
        ("messages that were put into a queue by hand", "this queue", planting.in_queue),
    ):
        yield what, where, len(plants), len(plants & found)


def _table(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    cells = [[f"{one:,}" if isinstance(one, int) else str(one) for one in line] for line in lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)
