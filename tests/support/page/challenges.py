"""Answers of Cognito that the laptop cloud cannot give: errors, and challenges after the password."""

import json
from typing import Any

from playwright.sync_api import Page, Route

from local.cloud import Places
from tests.support.page.tab import Tab

CORS = {"Access-Control-Allow-Origin": "*"}
PARAMETERS = {"USER_ID_FOR_SRP": "6f0c-the-pool's-own-name"}
TOTP = {"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "one", "ChallengeParameters": PARAMETERS}
SESSION_OVER = ("NotAuthorizedException", "Invalid session for the user, session is expired.")


def refusal(code: str, message: str) -> dict[str, Any]:
    return {"status": 400, "json": {"__type": code, "message": message}}


def answer(tab: Tab, places: Places, **answers: dict[str, Any]) -> list[dict[str, Any]]:
    """Makes Cognito give these `answers`, by operation. Returns a list that collects the bodies of these requests."""
    asked: list[dict[str, Any]] = []

    def fulfill(route: Route) -> None:
        operation = (route.request.headers.get("x-amz-target") or "").rpartition(".")[2]
        if operation in answers:
            asked.append(json.loads(route.request.post_data or "{}"))
            route.fulfill(headers=CORS, **answers[operation])
        else:
            route.continue_()

    tab.page.route(f"{places.endpoint}/", fulfill)
    return asked


def sign_in(page: Page, email: str = "ada@example.com") -> None:
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill("Correct-horse-1")
    page.get_by_role("button", name="Sign in", exact=True).click()


def send_code(page: Page, button: str = "Sign in") -> None:
    page.get_by_label("Code").fill("123456")
    page.get_by_role("button", name=button, exact=True).click()
