"""The colours of statuses."""

from rich.text import Text

_STYLES = {
    "green": ("FULFILLMENT_QUEUED", "SENT", "SUCCEEDED", "ok", "running"),
    "cyan": ("RECEIVED", "SCHEDULED", "SENDING", "RUNNING"),
    "yellow": ("ESCALATED", "PARTLY_SENT", "limited"),
    "red": ("PARKED", "FAILED", "TIMED_OUT", "ABORTED", "problem", "died"),
    "dim": ("CLOSED", "CANCELLED", "unknown", "stopped"),
}
_STYLE_OF = {status: style for style, statuses in _STYLES.items() for status in statuses}


def coloured(status: str) -> Text:
    """The status of an order, a reminder, an execution, a check or a process, in its colour."""
    return Text(status, _STYLE_OF.get(status, ""))
