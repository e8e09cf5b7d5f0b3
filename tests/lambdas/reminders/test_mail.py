import json
from email.headerregistry import Address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reminders import mail
from reminders.errors import InvalidReminderError
from reminders.mail import check_address, check_subject, identities_of, mail_of

REMINDER = {"email": "jo@example.com", "message": 'Feed the cat 🐈\n<b>now</b> & "then"', "reminderId": "r-1"}


def refused(reminder) -> str:
    with pytest.raises(InvalidReminderError) as caught:
        mail_of(reminder)
    return caught.value.field


def test_a_mail_has_the_message_as_text_and_as_html():
    written = mail_of(REMINDER)

    assert written.recipient == "jo@example.com"
    assert written.subject == "Whiskers Commands You to attend!"
    assert written.text == (
        'Feed the cat 🐈\n<b>now</b> & "then"\n\n-- \nThis is reminder r-1.\n'
        "You get this mail because you or somebody else entered this address for a reminder.\n"
        "To get no more reminders, reply to this mail.\n"
    )
    assert "Feed the cat 🐈<br>\n&lt;b&gt;now&lt;/b&gt; &amp; &quot;then&quot;</p>" in written.html
    assert "<b>" not in written.html


def test_a_given_subject_is_used_unchanged():
    assert mail_of(REMINDER | {"subject": "The cat: <b>“Mittens”</b>, Zoë"}).subject == "The cat: <b>“Mittens”</b>, Zoë"


@pytest.mark.parametrize(
    ("every", "words"),
    [
        ("1d", "day"),
        ("2w", "2 weeks"),
        ("1M", "month"),
        ("5m", "5 minutes"),
        ("1y", "year"),
        ("12h", "12 hours"),
        ("365d", "365 days"),
    ],
)
def test_the_mail_of_a_repeated_reminder_says_how_often_it_repeats_and_who_can_stop_it(every, words):
    """The mail names no command, because the recipient may have no access to the API, the page or the command line."""
    written = mail_of(REMINDER | {"repeat": {"every": every, "times": 3}})

    how = f"It repeats every {words}. The person who set it can cancel it."
    assert how in written.text and how in written.html
    assert not [one for one in ("remindme", "DELETE", "Somebody gave") if one in written.text + written.html]


def test_a_mail_without_an_id_still_says_how_to_stop_reminders():
    written = mail_of({"email": "jo@example.com", "message": "x"})

    assert "This is reminder" not in written.text
    assert "To get no more reminders, reply to this mail." in written.text
    assert "To get no more reminders, reply to this mail." in written.html


@given(message=st.text(min_size=1, max_size=300), name=st.text(min_size=1, max_size=80))
def test_nothing_of_a_reminder_becomes_markup(message, name):
    written = mail_of(REMINDER | {"message": message, "reminderId": name, "repeat": {"every": "2w"}})

    bare = mail_of(REMINDER | {"message": "x", "repeat": {"every": "1d"}})
    lines = len(message.splitlines()) or 1
    assert written.html.count("<") == bare.html.count("<") + lines - 1
    assert written.html.count("<br>") == bare.html.count("<br>") + lines - 1


@pytest.mark.parametrize("odd", ["\r\n", "\n", "\r", "\0", "\x7f", "\x85", "\u2028", "\u2029", "\t", "\x1b"])
def test_a_subject_cannot_begin_a_header(odd):
    assert refused(REMINDER | {"subject": f"Cat{odd}Bcc: ann@example.com"}) == "subject"


@pytest.mark.parametrize("subject", ["", "x" * 101])
def test_a_subject_that_is_empty_or_too_long_is_refused(subject):
    assert refused(REMINDER | {"subject": subject}) == "subject"


@pytest.mark.parametrize("subject", ["x", "x" * 100, "🐈" * 100, "\u202ereversed", "=?utf-8?q?Bcc:_a?="])
def test_every_other_subject_of_one_line_is_accepted(subject):
    check_subject(subject)


@pytest.mark.parametrize(
    "address",
    [
        "a@b.c,d@e.f",
        "a@b.c, d@e.f",
        "a@b.c;d@e.f",
        "a@b.c d@e.f",
        "a@b.c\r\nBcc: d@e.f",
        "a@b.c\n",
        "a@b.c\0",
        "a@\0b.c",
        "Jo <a@b.c>",
        "<a@b.c>",
        '"a b"@c.d',
        "a@b.c(comment)",
        "a@b@c.d",
        "ö@b.c",
        "a@b",
        "a",
        "",
        "x" * 251 + "@b.c",
    ],
)
def test_a_mail_goes_to_exactly_one_address(address):
    assert refused(REMINDER | {"email": address}) == "email"


@pytest.mark.parametrize("address", ["jo@example.com", "o'brien+cats@xn--exmple-cua.co.uk", "x" * 250 + "@b.c"])
def test_one_address_is_accepted_unchanged(address):
    check_address(address)

    assert mail_of(REMINDER | {"email": address}).recipient == address


@given(st.from_regex(mail.ADDRESS, fullmatch=True).filter(lambda address: ".." not in address and ".@" not in address))
def test_pythons_mail_library_accepts_every_accepted_address(address):
    if not address.startswith("."):
        assert Address(addr_spec=address).addr_spec == address


def test_the_api_accepts_the_same_addresses():
    schema = Path(mail.__file__).with_name("reminder.schema.json")
    email = json.loads(schema.read_text())["properties"]["email"]

    assert email["pattern"].replace("\\$", "$") == f"^{mail.ADDRESS.pattern}$".replace("\\$", "$")
    assert email["maxLength"] == mail.LONGEST_ADDRESS


@pytest.mark.parametrize(
    ("address", "identities"),
    [
        ("Jo@Mail.Example.org", ["Jo@Mail.Example.org", "mail.example.org", "example.org"]),
        ("jo@example.org", ["jo@example.org", "example.org"]),
    ],
)
def test_an_address_or_one_of_its_domains_can_be_verified(address, identities):
    assert identities_of(address) == identities


def test_a_mail_links_to_the_page_in_both_parts_and_in_its_headers():
    url = "https://example.com/v1/stop/abc"
    written = mail_of({"email": "jo@example.com", "message": "x", "reminderId": "r-1"}, stop_url=url)

    assert written.text.endswith(f"\nStop this reminder: {url}\n")
    assert f'<a href="{url}">Stop this reminder</a>' in written.html
    assert written.headers == {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    assert mail_of({"email": "jo@example.com", "message": "x"}).headers == {}
    assert "Stop this reminder" not in mail_of(REMINDER).text + mail_of(REMINDER).html


def test_a_mail_has_the_id_of_its_request_in_a_header():
    assert mail_of(REMINDER, request_id="c6af9ac6").headers == {"X-Request-Id": "c6af9ac6"}
