"""tests/support/pages.py reads the pages that a reader follows at a terminal, runs them and compares their output."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.pages import Step, Terminal, agrees, steps

PAGE = """\
# A page

```sh
cd somewhere
```

Repeat this until it shows 2:

```sh
count
again
```

```text
2
```

```python
print("no command")
```
"""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path, scratch=tmp_path, environment={"PATH": os.environ["PATH"]})
    yield terminal
    terminal.close()


def test_each_block_of_commands_comes_with_the_output_below_it() -> None:
    assert steps(PAGE) == [
        Step(line=3, commands="cd somewhere\n", shown="", repeated=False),
        Step(line=9, commands="count\nagain\n", shown="2\n", repeated=True),
    ]


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ("", ""),
        ("one\n", "one"),
        ("one\ntwo\nthree\n", "…\nthree\n"),
        ("one\n", "…\none\n…\n"),
        ("one\ntwo\nthree\n", "one\n…\nthree\n"),
        ("order lamp-1-0b2d: done\n", "order lamp-1-…: done\n"),
        ("┏━━━━┓\n┃ one    ┃\n┗━━━━┛\n", "┏━┓\n┃ one ┃\n┗━━━━━━━━┛\n"),
        ("│ lamp-2  │\n", "│ lamp-2 … │\n"),
        ("a (b) [c] $\r\n\n", "a (b) [c] $\n"),
    ],
)
def test_an_output_agrees_if_only_the_omitted_text_differs(output: str, shown: str) -> None:
    assert agrees(output, shown=shown)


@pytest.mark.parametrize(
    ("output", "shown"),
    [
        ("one\n", ""),
        ("", "one\n"),
        ("one\ntwo\n", "one\n"),
        ("one\ntwo\n", "two\n"),
        ("one\ntwo\n", "…\none\n"),
        ("one\ntwo\nthree\n", "one … three\n"),
        ("order lamp-2-0b2d: done\n", "order lamp-1-…: done\n"),
        ("axb\n", "a.b\n"),
    ],
)
def test_any_other_difference_counts(output: str, shown: str) -> None:
    assert not agrees(output, shown=shown)


def test_the_commands_of_a_page_share_one_shell(terminal: Terminal) -> None:
    terminal.run('mkdir folder; cd folder\nname=Ada\nhello() { echo "Hello $1"; }\n')

    assert (
        terminal.run('hello "$name"; cat; cat <<END >&2\nheld\nEND\nbasename "$PWD"\n') == "Hello Ada\nheld\nfolder\n"
    )


@pytest.mark.parametrize("commands", ["no-such-command\n", "false\necho later\n", "if\n"])
def test_a_page_stops_at_a_command_that_fails(terminal: Terminal, commands: str) -> None:
    with pytest.raises(AssertionError, match="a command failed"):
        terminal.run(commands)


def test_a_command_that_is_repeated_may_fail(terminal: Terminal) -> None:
    assert terminal.run("echo no; false\n", may_fail=True) == "no\n"
    assert terminal.run("echo yes\n") == "yes\n"
