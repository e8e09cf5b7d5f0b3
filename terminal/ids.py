"""Short ids: the beginning of an id, as long as it must be to name one thing. See decision D177."""

from collections.abc import Callable, Iterable, Mapping
from os.path import commonprefix

from terminal.errors import CommandError

SHORTEST = 4
"""The least characters of an id that a command accepts."""

SHOWN = 8
"""The characters of an id that a table shows, or more if two ids begin with the same ones."""

LONGEST_WHOLE = 20
"""An id up to this length stays whole. A person chose it, such as `order-2026-00018`, and knows it by its end."""

MOST_NAMED = 10


def shortened(ids: Iterable[str]) -> dict[str, str]:
    """Maps each id to the text that a table shows for it. No two ids have the same text."""
    ordered = sorted(set(ids))
    short = {}
    for before, id, after in zip(["", *ordered], ordered, [*ordered[1:], ""], strict=False):
        shared = max(len(commonprefix([id, other])) for other in (before, after))
        short[id] = id if len(id) <= LONGEST_WHOLE else id[: max(SHOWN, shared + 1)]
    return short


def one_of(text: str, about: Mapping[str, str], *, what: str, shown: Callable[[str], str] = str) -> str | None:
    """The id in `about` that is `text`, or the only one that begins with it; None if there is no such id.

    `about` says something about each id. Raises CommandError if several ids begin with `text`; the message lists them.
    `what` names the things, in plural, and `shown` makes a text safe to print.
    """
    if text in about:
        return text
    found = sorted(id for id in about if id.startswith(text))
    if found and len(text) < SHORTEST:
        raise CommandError(f"{shown(text)} is too short: write at least the first {SHORTEST} characters of the id")
    if len(found) > 1:
        first = f"{len(found)} {what} have ids that begin with {shown(text)}: write more of the id"
        raise CommandError("\n".join([first, *_named(found, about, shown)]))
    return found[0] if found else None


def _named(found: list[str], about: Mapping[str, str], shown: Callable[[str], str]) -> list[str]:
    short = {id: shown(text) for id, text in shortened(found).items()}
    width = max(len(short[id]) for id in found[:MOST_NAMED])
    lines = [f"  {short[id]:{width}}  {shown(about[id])}".rstrip() for id in found[:MOST_NAMED]]
    return [*lines, f"  and {len(found) - MOST_NAMED} more"] if len(found) > MOST_NAMED else lines
