"""The pages behind the link with which a recipient stops a reminder. Pure."""

import base64
import hashlib
from html import escape

_STYLE = (
    "body{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:10vh auto;padding:0 1rem;color-scheme:light dark}"
    "button{font:inherit;padding:.6rem 1.2rem;cursor:pointer}"
)
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    # The address of the page is all that somebody needs to stop the reminder.
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def ask(message: str) -> str:
    """Returns the page with the button. It sends a POST to its own address, which alone stops the reminder."""
    return _page(
        "Stop this reminder?",
        f'<blockquote dir="auto">{escape(message)}</blockquote>\n'
        "<p>If you stop it, nobody gets this reminder any more, by e-mail or in any other way. You cannot undo this."
        "</p>\n"
        '<form method="post"><button>Stop the reminder</button></form>',
    )


def stopped() -> str:
    return _page("The reminder is stopped", "<p>You get no more messages from it. You can close this page.</p>")


def invalid() -> str:
    return _page(
        "This link is not valid",
        "<p>It may have expired, or a part of it may be missing. Reply to the mail to get no more reminders.</p>",
    )


def failed() -> str:
    return _page("Please try again", "<p>The reminder is not stopped yet. Open the link again in a minute.</p>")


def _page(title: str, content: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{title}</h1>\n{content}\n</main>\n</body>\n</html>\n"
    )
