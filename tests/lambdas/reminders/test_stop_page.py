"""What a recipient reads on the pages behind the link of a mail."""

import re
from html.parser import HTMLParser

import pytest

from feedback import stop_page


class Read(HTMLParser):
    """The texts of a page outside its style, and its elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.elements: list[str] = []
        self.feed(re.sub("(?<=<style>).*(?=</style>)", "", page))
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.elements.append(tag)

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append(data.strip())


@pytest.mark.parametrize(
    ("page", "texts"),
    [
        (
            stop_page.ask("Feed the cat & <b>dog</b>"),
            [
                "Stop this reminder?",
                "Feed the cat & <b>dog</b>",
                "If you stop it, nobody gets this reminder any more, by e-mail or in any other way. "
                "You cannot undo this.",
                "Stop the reminder",
            ],
        ),
        (
            stop_page.stopped(),
            ["The reminder is stopped", "You get no more messages from it. You can close this page."],
        ),
        (
            stop_page.invalid(),
            [
                "This link is not valid",
                "It may have expired, or a part of it may be missing. Reply to the mail to get no more reminders.",
            ],
        ),
        (
            stop_page.failed(),
            ["Please try again", "The reminder is not stopped yet. Open the link again in a minute."],
        ),
    ],
    ids=["ask", "stopped", "invalid", "failed"],
)
def test_a_page_has_its_title_and_its_text_and_nothing_else(page, texts):
    title, *rest = texts

    read = Read(page)

    assert read.texts == [title, title, *rest]
    assert read.elements[:6] == ["html", "head", "meta", "meta", "title", "style"]
    assert page.startswith('<!DOCTYPE html>\n<html lang="en">\n')
