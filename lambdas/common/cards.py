"""Finds card numbers in texts that must not contain any. Pure.

docs/card-numbers.md says which forms count. The first states of the order workflow repeat these rules for the digits
0 to 9, with the same regular expressions.

See decision D026.
"""

import functools
import re
import string
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from common.encoded import decoded

_ISSUED = re.compile(
    "3[0689][0-9]{12}|3[47][0-9]{13}"
    "|(?:[456][0-9]{3}|22(?:0[0-5]|2[1-9]|[3-9][0-9])|2[3-6][0-9]{2}|27(?:[01][0-9]|20)"
    "|35(?:2[89]|[3-8][0-9])|30(?:[0-5][0-9]|95)|3[689][0-9]{2})[0-9]{12}"
    "|(?:62[0-9]{2}|5018|5020|5038|506[01]|5893|6304|6500|6759|676[123])[0-9]{13,14}"
    "|(?:4[0-9]{3}|5[06-9][0-9]{2}|6[0-9]{3}|35(?:2[89]|[3-8][0-9]))[0-9]{15}"
)
"""The numbers that issuers give out, by first digits and length. The check digit is not part of it.

14 digits: Diners. 15: American Express. 16: Visa, Mastercard and its 2 series, Mir, Discover, JCB, Maestro, UnionPay,
Diners. 17 and 18: UnionPay, Verve and the named ranges of Maestro. 19: Visa, Maestro, UnionPay, Discover, JCB.
https://en.wikipedia.org/wiki/Payment_card_number (the table of issuers, 2024)
"""
_CERTAIN = re.compile(
    "3[47][0-9]{13}"
    "|(?:[456][0-9]{3}|22(?:0[0-5]|2[1-9]|[3-9][0-9])|2[3-6][0-9]{2}|27(?:[01][0-9]|20)|35(?:2[89]|[3-8][0-9]))[0-9]{12}"
)
"""Numbers that count with any check digit if they are written in one run or in the groups that cards print.

See decision D027.
"""

_BLANKS = re.compile(
    r"([\u0009-\u000d\u0020\u0085\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]+)|.", re.DOTALL
)
_IBAN = re.compile("(^|[^0-9A-Za-z])([A-Z]{2}[0-9]{2}(?: ?[0-9A-Z]{4}){2,7}(?: ?[0-9]{1,3})?)([^0-9A-Za-z]|$)")
_PARCEL = re.compile(
    "(^|[^0-9A-Za-z])((?:89|9[1-5])[0-9]{2}(?: [0-9]{4}){3}(?: [0-9]{3}| [0-9]{4}(?: [0-9]{1,4})?))([^0-9A-Za-z]|$)"
)
"""Numbers of SIM cards (ITU-T E.118) and of parcels in the USA, in groups of four: 19 to 24 digits."""
_LONG_GROUP = re.compile("[A-Za-z+]?[0-9]{14,}[A-Za-z]?")
_RUNS = [re.compile(f"[A-Za-z+]?[0-9]+(?:[^0-9A-Za-z]{{1,{most}}}[0-9]+)*[A-Za-z]?") for most in (1, 2, 3)]
"""Groups of digits with at most 1, 2 or 3 characters between them. More characters end the number."""
_APART = re.compile("[0-9](?:[^0-9A-Za-z]{1,3}[0-9]){13,}")
_MOST_APART = 20
"""A longer row of single digits counts without a search, because the workflow has only five seconds to search."""
_ROUND = re.compile("[1-9][0-9][05]0")
_YEAR, _MONTH, _DAY = "20[0-3][0-9]", "(?:0[1-9]|1[0-2])", "(?:0[1-9]|[12][0-9]|3[01])"
_DATE = re.compile(
    f"^[A-Za-z+]?(?:[1-3][0-9]{_MONTH}{_DAY}|{_DAY}{_MONTH}[1-3][0-9])[^0-9]|(?:^|[^0-9])(?:"
    f"{_YEAR}[^0-9]*{_MONTH}[^0-9]*{_DAY}|{_DAY}[^0-9]*{_MONTH}[^0-9]*{_YEAR}|{_MONTH}[^0-9]*{_DAY}[^0-9]*{_YEAR}"
    ")(?:[^0-9]|$)"
)
_FEWEST_DIGITS = 14
"""The shortest card number that issuers give out."""
_PLAIN = re.compile("(?:[!-~]| (?! ))*")
"""Texts whose characters all stay unchanged."""
_LEVELS = 3
"""How often a text is decoded, if what it encodes is encoded, too."""
_MASKED = re.compile("[0-9](?:[^0-9A-Za-z]{0,3}[0-9]){13,}|[0-9]{13,}")
_IDENTIFIER = re.compile(r"(?=.*[A-Fa-f])(?:[0-9A-Fa-f]{32,64}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})")

_PRINTED = ([4, 4, 4, 4], [4, 4, 4, 4, 1], [4, 4, 4, 4, 2], [4, 4, 4, 4, 3], [6, 13], [4, 6, 5], [4, 6, 4])
"""The groups in which cards print their numbers."""

Span = tuple[int, int]


class Group(NamedTuple):
    """Adjacent digits and their position in the text."""

    digits: str
    begin: int
    end: int


def looks_like_card(text: str, *, odd_groups: bool = True, any_check_digit: bool = True) -> bool:
    """Returns whether `text` may contain a card number, in digits of any script and style.

    The first digits, the length and the check digit must fit an issuer. Two forms count with any check digit:

    - 15 or 16 digits in one run;
    - the groups that cards print (4-4-4-4, 4-6-5) with the same blank, dash, dot or underscore between them.

    If these forms needed the right check digit, nine in ten of an integrator's own numbers would pass, and the tenth
    would be refused in production. `any_check_digit=False` requires the right check digit for these forms, too.

    In a row of single digits with separators, the number may begin at any digit. In all other groupings only the whole
    run counts, and only if its separators are equal. `odd_groups=False` ignores these groupings.

    What `text` encodes is searched in the same way: see `common.encoded`.
    """
    return bool(_places(text, odd_groups=odd_groups, any_check_digit=any_check_digit))


def is_split_card(first: str, second: str) -> bool:
    """Returns whether two texts without letters make one card number together."""
    return any(_is_split_card(*pair) for pair in {(first, second), (_read(first)[0], _read(second)[0])})


def groups_of(text: str) -> list[str]:
    """Returns the groups of digits in `text` in any script as 0 to 9. Empty if `text` contains a letter."""
    return [group.digits for group in _groups(_read(text)[0])] if not _holds_letter(text) else []


def is_identifier(text: str) -> bool:
    """Returns whether `text` is a UUID or a hexadecimal digest. Both may contain long runs of digits by chance."""
    return bool(_IDENTIFIER.fullmatch(text))


def without_cards(text: str) -> str:
    """Returns `text` with `#` for each card number that looks_like_card finds.

    It is for people, who need to read the other numbers.
    """
    return text if is_identifier(text) else _hidden(text, _places(text))


def masked(text: str) -> str:
    """Returns `text` with `#` for every run of 13 digits or more, with or without separators.

    It is for logs. There a card number may stand among other digits, and hiding too much costs little.
    """
    return _hidden(text, _apart_from_each_other(_long_numbers(text, _LEVELS)))


def passes_luhn(digits: str) -> bool:
    """Returns whether the last digit is the right check digit (ISO/IEC 7812-1, annex B). A row of zeros passes."""
    doubled = (int(digit) * (2 if place % 2 else 1) for place, digit in enumerate(reversed(digits)))
    return sum(n - 9 if n > 9 else n for n in doubled) % 10 == 0


def _long_numbers(text: str, levels: int) -> list[Span]:
    """Returns the positions of runs of 13 digits or more. They may overlap."""
    found: list[Span] = []
    for read, offsets in (_read(text), _collapsed(text)):
        found += [_in_text(place.span(), offsets) for place in _MASKED.finditer(read)]
    for one in decoded(text) if levels else ():
        found += [(one.begins[begin], one.ends[end - 1]) for begin, end in _long_numbers(one.text, levels - 1)]
    return found


def _places(text: str, *, odd_groups: bool = True, any_check_digit: bool = True, levels: int = _LEVELS) -> list[Span]:
    """Returns the positions of card numbers, in order and without overlaps."""
    found: list[Span] = []
    for one in decoded(text) if levels else ():
        places = _places(one.text, odd_groups=odd_groups, any_check_digit=any_check_digit, levels=levels - 1)
        found += [(one.begins[begin], one.ends[end - 1]) for begin, end in places]
    # Also search the original text: a whole card number in 0 to 9 may stand next to digits of another script.
    for read, offsets in _readings(text):
        cleared = _PARCEL.sub(_crossed_out, _IBAN.sub(lambda one: _crossed_out(one, only=_is_iban), read))
        spans = [*_long_groups(cleared, any_check_digit), *_printed(cleared), *_apart(cleared)]
        for runs in _RUNS:
            spans += [span for run in runs.finditer(cleared) for span in _whole(run, odd_groups, any_check_digit)]
        found += [_in_text(span, offsets) for span in spans]
    return _apart_from_each_other(found)


def _long_groups(text: str, any_check_digit: bool) -> Iterator[Span]:
    """Yields card numbers in one run."""
    for place in _LONG_GROUP.finditer(text):
        (group,) = _groups(place[0], place.start())
        # A phone number has at most 15 digits (E.164).
        is_phone = place[0].startswith("+") and len(group.digits) <= 15
        is_certain = any_check_digit and not re.search("[A-Za-z]", place[0]) and _CERTAIN.fullmatch(group.digits)
        if not is_phone and (is_certain or _is_card(group.digits)):
            yield group.begin, group.end


def _whole(run: re.Match[str], odd_groups: bool, any_check_digit: bool) -> Iterator[Span]:
    """Yields the run of groups if the whole run is a card number."""
    groups = _groups(run[0], run.start())
    digits, sizes = "".join(group.digits for group in groups), [len(group.digits) for group in groups]
    separators = set(re.split("[0-9]+", run[0].strip(string.ascii_letters + "+"))[1:-1])
    if len(groups) < 2 or len(separators) != 1 or len(digits) > 19 or _are_round(groups):
        return
    is_printed = sizes in ([4, 4, 4, 4], [4, 6, 5]) and separators <= {" ", "-", ".", "_"}
    is_certain = (
        any_check_digit and is_printed and not re.search("[A-Za-z+]", run[0]) and _CERTAIN.fullmatch(digits) is not None
    )
    # A code may follow the phone number, so its length is not checked.
    is_phone = run[0].startswith("+")
    if is_certain or (odd_groups and not is_phone and _may_be_odd(run[0], groups, sizes) and _is_card(digits)):
        yield groups[0].begin, groups[-1].end


def _may_be_odd(run: str, groups: Sequence[Group], sizes: Sequence[int]) -> bool:
    """Returns whether these groups may be a card number, and not a date, a barcode, a position or a sorted list.

    3-3-3-5 is the number of a French company (SIRET). Its check digit follows the same rule as a card number's. Two
    groups of different lengths with one mark between them are a number and a position: `4529329612-000050`.
    """
    written = [group.digits for group in groups]
    is_list = set(sizes) == {2} and sorted(set(written)) in (written, written[::-1])
    has_position = len(set(sizes)) == 2 and re.search("^[A-Za-z]?[0-9]+[._-][0-9]+[A-Za-z]?$", run) is not None
    return max(sizes) <= 12 and sizes != [3, 3, 3, 5] and not is_list and not has_position and not _DATE.search(run)


def _printed(text: str) -> Iterator[Span]:
    """Yields card numbers in the groups that cards print, even if other groups surround them."""
    for run in _RUNS[-1].finditer(text):
        groups = _groups(run[0], run.start())
        sizes = [len(group.digits) for group in groups]
        for at in range(len(groups)):
            for printed in _PRINTED:
                part = groups[at : at + len(printed)]
                if sizes[at : at + len(printed)] == printed and not _are_round(part):
                    if _is_card("".join(group.digits for group in part)):
                        yield part[0].begin, part[-1].end


def _apart(text: str) -> Iterator[Span]:
    """Yields card numbers in rows of single digits. A row of more than _MOST_APART digits counts as a whole."""
    for run in _APART.finditer(text):
        places = [run.start() + digit.start() for digit in re.finditer("[0-9]", run[0])]
        if len(places) > _MOST_APART:
            yield run.span()
            continue
        for length in range(14, 20):
            for at in range(len(places) - length + 1):
                part = places[at : at + length]
                if _is_card("".join(text[place] for place in part)):
                    yield part[0], part[-1] + 1


def _is_split_card(first: str, second: str) -> bool:
    if _holds_letter(first) or _holds_letter(second):
        return False
    groups = [*_groups(first), *_groups(second)] if _groups(first) and _groups(second) else []
    return _is_card("".join(group.digits for group in groups)) and not _are_round(groups)


def _is_card(digits: str) -> bool:
    return _ISSUED.fullmatch(digits) is not None and passes_luhn(digits)


def _are_round(groups: Sequence[Group]) -> bool:
    """Returns whether all groups look like measures or prices: four digits, no leading 0, ending in 00 or 50."""
    return all(_ROUND.fullmatch(group.digits) for group in groups)


def _is_iban(text: str) -> bool:
    """Returns whether the check digits of an IBAN are right (ISO 13616-1)."""
    digits = text.replace(" ", "")
    return int("".join(str(int(character, 36)) for character in digits[4:] + digits[:4])) % 97 == 1


def _crossed_out(place: re.Match[str], only: object = None) -> str:
    """Returns the match with letters in place of its second group, so that no card number is found in that group."""
    if callable(only) and not only(place[2]):
        return place[0]
    return place[1] + "x" * len(place[2]) + place[3]


def _groups(text: str, at: int = 0) -> list[Group]:
    return [Group(one[0], at + one.start(), at + one.end()) for one in re.finditer("[0-9]+", text)]


def _holds_letter(text: str) -> bool:
    return any(character.isalpha() for character in text)


def _readings(text: str) -> Iterator[tuple[str, Sequence[int]]]:
    """Yields the readings of `text` that may contain a card number, and the original position of each character.

    Most texts have too few digits or only one reading, so most searches end early.
    """
    # One character outside of ASCII may be read as two digits, such as the circled 50.
    if sum(map(str.isnumeric, text)) * (1 if text.isascii() else 2) < _FEWEST_DIGITS:
        return
    if _PLAIN.fullmatch(text):
        yield text, range(len(text))
        return
    readings = _read(text), _collapsed(text)
    for read, offsets in readings[:1] if readings[0][0] == readings[1][0] else readings:
        if len(re.findall("[0-9]", read)) >= _FEWEST_DIGITS:
            yield read, offsets


def _collapsed(text: str) -> tuple[str, list[int]]:
    """Returns `text` with one blank for every run of blanks, and the original position of each character."""
    read, offsets = [], []
    for part in _BLANKS.finditer(text):
        read.append(" " if part[1] else part[0])
        offsets.append(part.start())
    return "".join(read), offsets


def _read(text: str) -> tuple[str, list[int]]:
    """Returns `text` with digits of every script and style as 0 to 9, and the original position of each character."""
    read: list[str] = []
    offsets: list[int] = []
    for offset, character in enumerate(text):
        for one in _as_read(character):
            if one != " " or read[-1:] != [" "]:
                read.append(one)
                offsets.append(offset)
    return "".join(read), offsets


@functools.lru_cache(maxsize=4096)
def _as_read(character: str) -> str:
    """Returns digits as 0 to 9, a blank for any blank, and nothing for an invisible character or a mark."""
    if "!" <= character <= "~":
        return character
    category = unicodedata.category(character)
    if category in ("Cf", "Mn", "Me"):
        return ""
    if character.isspace() or category in ("Cc", "Zs", "Zl", "Zp"):
        return " "
    number = unicodedata.numeric(character, -1) if category in ("Nd", "No") else -1
    # Cards have no fractions, and none of the one-letter numbers that some scripts have for 100 and more.
    return str(int(number)) if number in range(100) else character


def _in_text(span: Span, offsets: Sequence[int]) -> Span:
    return offsets[span[0]], offsets[span[1] - 1] + 1


def _apart_from_each_other(spans: Iterable[Span]) -> list[Span]:
    """Returns the spans in order. Spans that overlap become one."""
    apart: list[Span] = []
    for begin, end in sorted(spans):
        if apart and begin < apart[-1][1]:
            apart[-1] = apart[-1][0], max(end, apart[-1][1])
        else:
            apart.append((begin, end))
    return apart


def _hidden(text: str, places: Iterable[Span]) -> str:
    kept, last = "", 0
    for begin, end in places:
        kept += text[last:begin] + "#"
        last = end
    return kept + text[last:]
