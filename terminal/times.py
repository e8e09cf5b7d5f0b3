"""Times for people: `today 17:27` instead of `2026-11-27T16:27:06.123Z`."""

from datetime import UTC, datetime, tzinfo

_NEAR = {-1: "yesterday", 0: "today", 1: "tomorrow"}


def local(
    text: str,
    *,
    now: datetime | None = None,
    zone: tzinfo | None = None,
    seconds: bool = False,
    milliseconds: bool = False,
) -> str:
    """The time `text`, in RFC 3339, as the clocks in `zone` show it. Any other text stays the same.

    `zone` is this machine's time zone if it is None, and `now` is the present.
    """
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return text
    if instant.tzinfo is None:
        return text
    here, today = instant.astimezone(zone), (now or datetime.now(UTC)).astimezone(zone).date()
    day = _NEAR.get((here.date() - today).days)
    if day is None:
        # Not `%-d`, which some systems lack.
        date = f"{here.day} {here:%b}"
        day = f"{here:%a} {date}" if here.year == today.year else f"{date} {here.year}"
    if milliseconds:
        return f"{day} {here:%H:%M:%S}.{here.microsecond // 1000:03}"
    return f"{day} {here:%H:%M:%S}" if seconds else f"{day} {here:%H:%M}"
