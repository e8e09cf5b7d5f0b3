"""That what the other tests rely on is noticed: a tab tells what went wrong in it."""

import pytest

from tests.support.page.tab import OpenTab
from tests.support.waiting import eventually

PLANTED = {
    "an inline script": (
        "document.head.append(Object.assign(document.createElement('script'), {text: '1'}))",
        "policy",
    ),
    "an image from elsewhere": ("new Image().src = 'http://elsewhere.example.com/x.png'", "elsewhere.example.com"),
    "HTML out of text": ("document.body.insertAdjacentHTML('beforeend', '<p>Hello</p>')", "TrustedHTML"),
    "a request elsewhere": ("fetch('http://elsewhere.example.com/').catch(() => {})", "elsewhere.example.com"),
    "a complaint": ("console.error('a complaint')", "a complaint"),
    "an error": ("setTimeout(() => { throw new Error('thrown') })", "thrown"),
    "a refusal": ("fetch('/nothing-there')", "404 from GET"),
}


@pytest.mark.parametrize("planted", PLANTED)
def test_what_a_page_must_not_do_is_noticed(open_tab: OpenTab, planted: str) -> None:
    script, told = PLANTED[planted]
    tab = open_tab()
    tab.go()
    assert tab.problems == []

    # Later, so that what it throws is nobody's.
    tab.page.evaluate(f"() => {{ setTimeout(() => {{ {script} }}) }}")

    def noticed() -> bool:
        tab.page.evaluate("1")  # Events come in while the browser is asked something.
        return any(told in problem for problem in tab.problems)

    assert eventually(noticed)
    tab.problems.clear()
