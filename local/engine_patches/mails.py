"""Keeps mails with their headers, tags and configuration set, also after a restart.

The engine forgets the headers and the tags (`services/ses_v2.py:843`), and does not show the configuration set
(`app.py:1113`). When it stops, it does not save the mails (`get_state` in `services/ses.py:82`).
"""

import copy
import functools
import json
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.services import ses, ses_v2

from local.engine_patches import lines

SENT = "_sent_emails"
KEPT = ("Headers", "Tags", "ConfigurationSetName")
SHOWN = '"Timestamp": rec["Timestamp"],'
OURS_TOO = f"{SHOWN} **{{name: rec[name] for name in {KEPT} if name in rec}},"

Answer = tuple[int, dict[str, str], bytes]


def apply() -> None:
    """Makes the engine keep them with the mail, show them, and save the mails when it stops."""
    from ministack import app

    lines.replace(app, "_handle_ses_messages_request", SHOWN, OURS_TOO)
    ses_v2.handle_request = keeping(ses_v2.handle_request)
    kept_before, restore = ses.get_state, ses.load_persisted_state

    def get_state() -> dict[str, Any]:
        return {**kept_before(), SENT: copy.deepcopy(ses._sent_emails)}

    def load_persisted_state(data: dict[str, Any]) -> None:
        restore(data)
        # The files of earlier versions have no mails.
        ses._sent_emails.update((data or {}).get(SENT, {}))

    ses.get_state, ses.load_persisted_state = get_state, load_persisted_state


def keeping(handle: Callable[..., Awaitable[Answer]]) -> Callable[..., Awaitable[Answer]]:
    @functools.wraps(handle)
    async def handle_request(method: str, path: str, headers: Any, body: bytes, query_params: Any) -> Answer:
        answer = await handle(method, path, headers, body, query_params)
        if method == "POST" and path.rstrip("/").endswith("/outbound-emails") and answer[0] == 200:
            asked, sent = json.loads(body or "{}"), json.loads(answer[2])["MessageId"]
            simple = asked.get("Content", {}).get("Simple", {})
            for mail in ses._sent_emails_list()[::-1]:
                if mail["MessageId"] == sent:
                    kept = (
                        simple.get("Headers", []),
                        asked.get("EmailTags", []),
                        asked.get("ConfigurationSetName", ""),
                    )
                    mail.update(zip(KEPT, kept, strict=True))
                    break
        return answer

    return handle_request
