"""A tab records what a page must not do. The other tests rely on that."""

import pytest

from tests.support.marks import long
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


@pytest.mark.parametrize("planted", ["an error", *long(*sorted(PLANTED.keys() - {"an error"}))])
def test_a_forbidden_action_of_the_page_is_recorded(keep_tab: OpenTab, planted: str) -> None:
    script, recorded = PLANTED[planted]
    tab = keep_tab()
    tab.go()
    assert tab.problems == []

    # The timeout makes an error reach the page and not this test.
    tab.page.evaluate(f"() => {{ setTimeout(() => {{ {script} }}) }}")

    def noticed() -> bool:
        tab.page.evaluate("1")  # Playwright delivers events only during a call.
        return any(recorded in problem for problem in tab.problems)

    assert eventually(noticed)
    # Chromium may report one action twice. Nothing more comes from a document that has gone.
    tab.page.goto("about:blank")
    tab.problems.clear()
