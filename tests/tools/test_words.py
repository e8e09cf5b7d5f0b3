"""docs/changing.md#how-we-write names phrases that have to be read twice. No text of the project has one."""

import bisect
import itertools
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest

from local.settings import PROJECT

PLAIN = {
    r"\btold (?:of|alike|by whom)\b|\btells? of\b": "name what the text says: 'shows', 'reports'",
    r"\b(?:is|are|was|were|be|been|being) (?:not )?told\b(?! apart)": "name the actor: 'the answer says', 'we inform'",
    r"\bsee(?:s|n|ing)? to (?:it|them|escalations)\b|\bsees to\b": "'handles', 'makes sure'",
    r"\btak(?:e|es|en|ing) (?:it |them |one |a claim )?up\b": "'claims', 'starts', 'processes'",
    r"\b(?:giv(?:e|es|en|ing)|gave) back\b": "'returns'",
    r"\banew\b": "'again', 'new'",
    r"\bof (?:ours|theirs|yours|mine|hers)\b": "'our', 'their', 'your' before the noun",
    r"\b(?:nobody|no one)'s\b": "'without an owner', 'of no user'",
    r"\b(?:somebody else|someone else|everybody|everyone|another|another one|others)'s?(?=[.,;:)\"])(?<='s)": (
        "add the noun: 'another person's order'"
    ),
    r"\b[Ww]ho(?:m|so)?ever\b": "'everybody who', 'a person who', 'users who'",
    r"\bwhat is no\b(?! longer)": "'invalid'",
    r"(?<!there )\b(?:is|are|was|were|be) none\b": "'is missing', 'there is no X'",
    r"(?<!there )(?<!There )\b(?:is|are) no (?!longer\b|more\b|such\b)[a-z]": "'is not a', 'is invalid'",
    r"\b[Bb]esides\b": "'also', 'too', 'apart from'",
    r"\b[Ww]hatever\b": "'any', 'everything that'",
    r"\bas (?:it is|they are)(?=[.,;:)\"])": "'unchanged'",
    r"\b(?:the one|the ones) (?:that|which|who)\b": "repeat the noun",
    r"\b(?:that|those) of (?!them\b)": "repeat the noun",
    r"\b[Ss]uch\b(?<![Nn]o [Ss]uch)(?<![Nn]o-[Ss]uch)(?<!no/[Ss]uch)(?! as\b)": "'this', 'these', 'a ... like this'",
    # The pattern begins with the word, because the search for a word is quick.
    r"\balone\b(?<!leave alone)(?<!leaves alone)(?<!left alone)(?<!is alone)(?<!are alone)(?<!it alone)(?<!them alone)"
    r"(?<!stand alone)(?<!stands alone)(?=[.,;:)\"]|$)": "'only' before the noun",
    r"(?:[.,;:] |\")[Ee]lse (?!if\b)[a-z]": "'otherwise', 'or'",
    r"\b[Aa]ll else\b": "'everything else', 'any other'",
    r"(?<!code is )\bon (?:its|their) way\b": "'in progress'",
    r"\bcomes? to (?:its|their) end\b": "'ends', 'finishes'",
    r"\b[Ww]here there (?:is|are)\b": "'if there is'",
    r"\b(?:be|is|are|was) had\b": "'is available'",
    r"\"\"\"(?:Who|Whom|Whose|Of) [a-z]": "begin with the noun",
}
"""Each phrase, and a plain form to use in its place."""

MAY_STAY: dict[tuple[str, str], str] = {
    ("docs/changing.md", ""): "its section on how we write quotes what not to write",
    ("tests/tools/test_words.py", ""): "it holds the phrases",
    ("website/404.html", "alone"): "a class of the stylesheet",
}
"""Why a file may have a phrase, by its path and the phrase as the file has it. An empty phrase means all phrases."""

NOT_PROSE = re.compile(
    r"website/vendor/|package-lock\.json$|\.(?:png|ico)$|^LICENSE$|^tests/support/aws_answers\.json$|^tests/facts/.*\.json$"
    r"|^tests/corpora/"
)
"""Files of others, recordings, and texts that only look like what people type."""


def texts() -> Iterator[tuple[str, str]]:
    """The path and the prose of each file that git knows. In Python, all but comments and strings is blanked."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=PROJECT, capture_output=True, text=True, check=True)
    for path in listed.stdout.split("\0"):
        if path and not NOT_PROSE.search(path) and (PROJECT / path).is_file():
            text = (PROJECT / path).read_text()
            yield path, prose_of_python(text) if path.endswith(".py") else text


COMMENT_OR_STRING = re.compile(
    r"""\#[^\n]*|(?:\b[bfru]{1,2})?(?:\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3}|"""
    r"""\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*')""",
    re.DOTALL | re.IGNORECASE,
)
"""Valid code has no quote and no `#` in any other place. The module `tokenize` takes several times longer."""


def prose_of_python(text: str) -> str:
    """The same text, in which all but comments and strings is blank."""
    lines = [""]
    end = 0
    for found in COMMENT_OR_STRING.finditer(text):
        blank = text[end : found.start()].split("\n")
        lines += [""] * (len(blank) - 1)
        first, *others = found[0].split("\n")
        lines[-1] += " " * len(blank[-1]) + first
        lines += others
        end = found.end()
    return "\n".join([*lines, *[""] * text[end:].count("\n")])


class Flat:
    """A text as one line, without comment signs. `line` finds the original line of a place."""

    def __init__(self, text: str) -> None:
        lines = text.split("\n")
        parts = [re.sub(r"^\s*(?:#|//|\*|\|)?\s*", "", line).rstrip() for line in lines]
        self.text = " ".join(parts)
        self.starts = [0, *itertools.accumulate(len(part) + 1 for part in parts)]

    def line(self, place: int) -> int:
        return bisect.bisect_right(self.starts, place)


def hits() -> list[tuple[str, int, str, str]]:
    """The path, the line, the words and the plain form of each phrase that is found."""
    found = []
    for path, text in texts():
        flat = Flat(text)
        for phrase, plain in PLAIN.items():
            for match in re.finditer(phrase, flat.text):
                if not {(path, ""), (path, match[0].strip())} & MAY_STAY.keys():
                    found.append((path, flat.line(match.start()), match[0].strip(), plain))
    return found


def test_no_text_has_a_phrase_from_the_list() -> None:
    found = [f"{path}:{line}: {words!r}: {plain}" for path, line, words, plain in sorted(hits())]

    assert not found, "\n".join([f"{len(found)} phrases; see docs/changing.md#how-we-write", *found])


def test_a_phrase_is_found_across_lines_and_only_in_prose(monkeypatch: pytest.MonkeyPatch) -> None:
    files = {
        "a.md": "The order is\ntold.",
        "a.py": prose_of_python("such = 1\n# The second one\n# is none.\n"),
        "b.py": prose_of_python("anew = whoever\n"),
    }
    monkeypatch.setattr(sys.modules[__name__], "texts", lambda: iter(files.items()))

    assert [(path, line) for path, line, *_ in hits()] == [("a.md", 1), ("a.py", 3)]
