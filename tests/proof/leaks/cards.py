"""Plants card numbers in every place of a request, in every form."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from tests.corpora.cards import Cards
from tests.proof.leaks.client import Sent
from tests.proof.leaks.forms import FORMS, REVERSED
from tests.proof.leaks.places import CC, GIVEN, HEADERS, PASSES, PLACES, SEARCHED, Request, in_header, in_url
from tests.support.cloud.traces import Plants
from tests.support.names import unique

PIECE = 13
"""This many digits of a planted card in a row are a trace. 12 would match an id or a time by chance."""

ANYTHING_ELSE = "header or query"


@dataclass
class Planting:
    """The planted cards, each with where it was planted and in which form."""

    seed: str
    plants: Plants = field(default_factory=lambda: Plants("proof", piece=PIECE))
    given: set[str] = field(default_factory=set)
    """The plants that the encrypted input of an execution may have."""
    passes: set[str] = field(default_factory=set)
    """The plants whose form does not count, in a text that is stored."""
    started: set[str] = field(default_factory=set)
    """The plants in the input of a reminder workflow that was started by hand, which its history repeats."""
    in_queue: set[str] = field(default_factory=set)
    """The plants in messages that were put into a queue by hand."""
    counts: Counter[str] = field(default_factory=Counter)
    """How many cards were planted in each kind of place."""

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self._cards = Cards(self.random.randrange(2**32))

    def card(self, place: str, form: str, *, kind: str = "", digits: int = 0) -> tuple[str, str]:
        """A new card. Returns the plant's name and the text."""
        name = f"{place}, {form}, no. {len(self.plants.cards) + 1}"
        while True:
            card = self._cards.number(digits)
            # The search reads forwards, so it looks for the digits as they are written.
            if self.plants.plant(name, card[::-1] if form == REVERSED else card):
                break
        if kind == GIVEN:
            self.given.add(name)
        if form in PASSES.get(place, ()):
            self.passes.add(name)
        return name, FORMS[form](card)


@dataclass(frozen=True)
class Ids:
    """Orders and reminders that exist, for requests about one."""

    orders: Sequence[str]
    """Escalated orders of the caller."""
    reminders: Sequence[str]


Case = tuple[str, str]
"""A place and a form."""


def cases(random: random.Random, *, texts: int, others: int, given: int) -> list[Case]:
    """What is planted with requests.

    Every text that is stored gets each form `texts` times. Each other place gets `others` of the forms. CC gets `given`
    orders.
    """
    found = []
    # The schema of CC allows 32 characters.
    fitting = [form for form in FORMS if len(FORMS[form]("4" * 19)) <= 32]
    for place, entry in PLACES.items():
        if place in CC:
            forms = random.choices(fitting, k=given // len(CC))
        elif entry.kind == SEARCHED:
            forms = list(FORMS) * texts
        else:
            forms = random.sample(list(FORMS), others)
        found += [(place, form) for form in forms]
    return found


def requests(planting: Planting, ids: Ids, cases: Iterable[Case]) -> Iterator[tuple[str, Request]]:
    """A request for each case, with the name of its plant. It has more cards in two headers and in the query."""
    for place, form in cases:
        plant, text = planting.card(place, form, kind=PLACES[place].kind)
        planting.counts[place] += 1
        yield plant, with_more(planting, PLACES[place].make(text, about(place, ids, planting.random)))


def about(place: str, ids: Ids, random: random.Random) -> str:
    """An id for a request: of an order or a reminder that exists, if the request is about one."""
    if place.startswith(("corrected", "note", "an unknown field beside")):
        return random.choice(ids.orders)
    return random.choice(ids.reminders) if place.startswith("change") else unique("L-")


def with_more(planting: Planting, request: Request) -> Request:
    """The request with more cards: in two headers, and in its query unless it has one."""
    headers = dict(request.headers)
    for name in planting.random.sample(HEADERS, 2):
        if name not in headers:
            headers[name] = in_header(_more(planting, f"header {name}").replace("\n", " ").strip())
    path = request.path
    if "?" not in path:
        path += f"?{planting.random.choice(['card', 'q', 'CC'])}={in_url(_more(planting, 'query'))}"
    return replace(request, headers=headers, path=path)


def _more(planting: Planting, place: str) -> str:
    planting.counts[ANYTHING_ELSE] += 1
    return planting.card(place, planting.random.choice(list(FORMS)))[1]


def wrongly_accepted(planting: Planting, sent: Sequence[Sent]) -> list[str]:
    """The requests that the API accepted although a text that it stores has a card number."""
    return [
        f"{one.plant}: answered {one.status}"
        for one in sent
        if one.status < 400 and PLACES[one.plant.split(", ")[0]].kind == SEARCHED and one.plant not in planting.passes
    ]
