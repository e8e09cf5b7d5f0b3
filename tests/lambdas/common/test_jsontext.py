"""Every version of Python reads JSON in the same way, and a refusal says what is wrong without repeating it."""

import json
import subprocess
import sys
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.jsontext import MOST_NESTED, NotJsonError, as_integer, read, read_leniently, whole_number
from common.queues import object_in
from tests.support.templates.runtime import LAMBDAS, interpreter

CARD = "4242424242424242"

REFUSED = {
    "": "is empty. Send a JSON object.",
    " \n\t\r": "is empty. Send a JSON object.",
    "\ufeff{}": "begins with a byte order mark. Send it without one.",
    "{": "is not JSON: see line 1, column 2.",
    "{'a': 1}": "is not JSON: see line 1, column 2.",
    '{"a": 1': "is not JSON: see line 1, column 8.",
    '{"a": ' + CARD + "\n  x}": "is not JSON: see line 2, column 3.",
    '{"a" 1}': "is not JSON: see line 1, column 6.",
    '{"a": 1} {"b": 2}': "is not JSON: see line 1, column 10.",
    '{"a": 01}': "is not JSON: see line 1, column 8.",
    '{"a": .5}': "is not JSON: see line 1, column 7.",
    '{"a": True}': "is not JSON: see line 1, column 7.",
    "a=1&b=2": "is not JSON: see line 1, column 1.",
    "X": "is not JSON: see line 1, column 1.",
    "\n{": "is not JSON: see line 2, column 2.",
    "[,1]": "is not JSON: see line 1, column 2.",
    "<a/>": "is not JSON: see line 1, column 1.",
    '{"a": "b\nc"}': "is not JSON: see line 1, column 9.",
    '{"a": "\\x"}': "is not JSON: see line 1, column 8.",
    '{"a": 1,}': "has an extra comma at line 1, column 8.",
    '{"a": 1,\n}': "has an extra comma at line 1, column 8.",
    '{"a": 1 , }': "has an extra comma at line 1, column 9.",
    '{"a": [1,]}': "has an extra comma at line 1, column 9.",
    '{"a": [1,\n\n ]}': "has an extra comma at line 1, column 9.",
    "{,}": "has an extra comma at line 1, column 2.",
    '{"a": 1, "a": 2}': "has the name a twice in one object.",
    '{"a": 1, "\\u0061": 2}': "has the name a twice in one object.",
    '{"\\ud800": 1, "\\ud800": 2}': "has the name ? twice in one object.",
    '{"a" }': "is not JSON: see line 1, column 6.",
    '{"a": 1, 2}': "is not JSON: see line 1, column 10.",
    "[" + "[]," * 5 + "[" * MOST_NESTED: (
        f"is nested too deeply: at most {MOST_NESTED} objects and lists may be within each other."
    ),
    # A backslash closes nothing.
    "[\\x" + "[" * MOST_NESTED: (
        f"is nested too deeply: at most {MOST_NESTED} objects and lists may be within each other."
    ),
    '{"x": {"a": 1, "a": 1}}': "has the name a twice in one object.",
    '{"' + CARD + '": 1, "' + CARD + '": 2}': "has the name " + "#" * 16 + " twice in one object.",
    '{"a": NaN}': "contains NaN, which JSON does not allow.",
    '{"a": Infinity}': "contains Infinity, which JSON does not allow.",
    '{"a": -Infinity}': "contains -Infinity, which JSON does not allow.",
    '{"a": "\\ud800"}': r"contains half of a character: a lone surrogate such as \ud800.",
    '{"a": "\\udc00\\ud83d"}': r"contains half of a character: a lone surrogate such as \ud800.",
    '{"\\ud800": "a"}': r"contains half of a character: a lone surrogate such as \ud800.",
    '{"a": 1e' + "9" * 30 + "}": "contains a number whose exponent has too many digits.",
    "[" * (MOST_NESTED + 1): f"is nested too deeply: at most {MOST_NESTED} objects and lists may be within each other.",
    '{"a":' * 8000: f"is nested too deeply: at most {MOST_NESTED} objects and lists may be within each other.",
    '["\\"",' * 8000: f"is nested too deeply: at most {MOST_NESTED} objects and lists may be within each other.",
    '"' + '\\"' * 8000: "is not JSON: see line 1, column 1.",
}

TAKEN = {
    " {} \n": {},
    "[" * MOST_NESTED + "]" * MOST_NESTED: None,
    "[" + "[]," * MOST_NESTED + "[]]": None,
    '{"a": "[[[[' + "[" * 100 + '\\""}': {"a": "[[[[" + "[" * 100 + '"'},
    '{"a": "' + "\\\\" * 99 + '"}': {"a": "\\" * 99},
    '{"a": 10.0}': {"a": Decimal("10.0")},
    '{"a": 1e999}': {"a": Decimal("1e999")},
    '{"a": ' + "1" * 5000 + "}": {"a": Decimal("1" * 5000)},
    '{"a": -' + "1" * 5000 + "}": {"a": Decimal("-" + "1" * 5000)},
    '{"a": "\\ud83d\\udc08"}': {"a": "🐈"},
}

READ_EACH = """\
import json, sys
sys.path.insert(0, sys.argv[1])
from common.jsontext import NotJsonError, read

def answer(text):
    try:
        return ["read", str(read(text))]
    except NotJsonError as error:
        return ["refused", str(error)]

print(json.dumps([answer(text) for text in json.load(sys.stdin)]))
"""


def answer(text: str) -> list[str]:
    try:
        return ["read", str(read(text))]
    except NotJsonError as error:
        return ["refused", str(error)]


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: ascii(text[:30]))
def test_a_refusal_says_the_problem_and_repeats_no_value(text):
    assert answer(text) == ["refused", REFUSED[text]]
    with pytest.raises(NotJsonError) as refused:
        read(text)
    assert refused.value.says_where is ("line" in REFUSED[text])


@pytest.mark.parametrize("text", ['{"a": 1 , }', '{"a": [1,]}', '{"a": [{}\n,\n\n ]}', "[1,]", '{"a": 1,}', "{,}"])
def test_an_extra_comma_is_named_on_whichever_side_of_it_python_stops(text, monkeypatch):
    comma = text.rindex(",")
    end = comma + 1 + len(text[comma + 1 :]) - len(text[comma + 1 :].lstrip())
    line, column = text.count("\n", 0, comma) + 1, comma - text.rfind("\n", 0, comma)

    def stop(*_, **__):
        raise json.JSONDecodeError("", text, place)

    monkeypatch.setattr(json, "loads", stop)
    for place in range(len(text[:comma].rstrip()), end + 1):
        assert answer(text) == ["refused", f"has an extra comma at line {line}, column {column}."], place


@pytest.mark.parametrize("text", TAKEN, ids=lambda text: ascii(text[:30]))
def test_all_valid_json_is_read(text):
    value = read(text)

    assert TAKEN[text] is None or value == TAKEN[text]


@pytest.mark.parametrize("reader", [read, read_leniently])
@pytest.mark.parametrize(("text", "kind"), [("9" * 30, int), ("-" + "9" * 29, int), ("9" * 31, Decimal)])
def test_an_integer_of_more_than_thirty_characters_becomes_a_decimal(reader, text, kind):
    assert (reader(text), type(reader(text))) == (Decimal(text), kind)


@pytest.mark.parametrize("sign", [1, -1])
def test_an_integer_is_limited_because_a_short_text_can_be_a_huge_number(sign):
    largest = 10**30

    assert as_integer(Decimal(sign * largest)) == as_integer(Decimal("1e999999") * sign) == sign * largest
    assert as_integer(Decimal(sign * (largest - 1))) == sign * (largest - 1)
    assert as_integer(Decimal(f"{sign * (largest - 1)}.5")) is None
    assert as_integer(float("inf") * sign) is None


@pytest.mark.parametrize("text", [f"1{'0' * 30}.5", f"{'9' * 40}.9"])
def test_a_number_above_the_largest_integer_is_cut_to_it_with_its_fraction(text):
    assert as_integer(Decimal(text)) == 10**30
    assert as_integer(-Decimal(text)) == -(10**30)


def test_lambdas_version_of_python_gives_the_same_results():
    python, version = interpreter()
    if version == f"{sys.version_info[0]}.{sys.version_info[1]}":
        pytest.skip(f"the tests run on Python {version} already")
    texts = [*REFUSED, *TAKEN]

    run = subprocess.run(
        [python, "-S", "-c", READ_EACH, str(LAMBDAS)],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )

    assert json.loads(run.stdout) == [answer(text) for text in texts]


@pytest.mark.parametrize(
    "text", ['{"a": NaN}', '{"a": 1, "a": 2}', '{"a": "\\ud800"}', f'{{"a": {"1" * 5000}}}', "[[]]"]
)
def test_a_message_is_read_even_if_a_caller_could_not_send_it(text):
    assert read_leniently(text)


@pytest.mark.parametrize("text", ["", "x", "[1,]", "[" * 40 + "]" * 40, '{"a":' * 100_000])
def test_a_message_that_is_nested_too_deeply_counts_as_damaged_on_every_version_of_python(text):
    with pytest.raises(NotJsonError) as refused:
        read_leniently(text)
    assert refused.value.says_where is ("line" in str(refused.value))
    assert object_in({"Body": text}) == {}


@given(st.text(st.sampled_from('{}[]",:\\\n truefalsn0123.eE+-'), max_size=40))
def test_pythons_own_reader_gives_the_same_result(text):
    kind, _ = answer(text)

    if kind == "read":
        assert json.loads(json.dumps(read(text), default=float)) == json.loads(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        *((one, 10) for one in ("10", "10.0", "1e1", "1.0E1", "1E+1", "100e-1", "10.00000")),
        *((one, 0) for one in ("0", "-0", "0.0", "0e5")),
        *(
            (one, None)
            for one in ("", " 10", "10 ", "+10", "010", "10.", ".5", "1e", "10.5", "1e-1", "0x10", "１０", "1_0")
        ),
        *((one, None) for one in ("1_0", "NaN", "Infinity", "1" * 5000, "1e" + "9" * 20, "ten", "²")),
    ],
)
def test_a_whole_number_has_the_form_of_a_json_number(text, number):
    assert whole_number(text) == number
