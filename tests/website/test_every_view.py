"""Every view on a light phone and on a dark desktop: axe finds nothing, and nothing overflows.

SCREENSHOTS=1 also takes a screenshot of each.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

import pytest
from playwright.sync_api import Locator, Page, Route, ViewportSize, expect

from local.users import User
from tests.support.cloud.apps import Apps, dead_letters_of
from tests.support.marks import long
from tests.support.page import scenes
from tests.support.page.challenges import CORS, SESSION_OVER, TOTP, refusal, sign_in
from tests.support.page.tab import DESKTOP, PHONE, WITH_SCREENSHOTS, OpenTab, Tab
from tools.openapi.examples import ANSWERED

Scheme = Literal["light", "dark"]
Screens = Sequence[tuple[ViewportSize, Scheme]]

SCHEMES: tuple[Scheme, ...] = ("light", "dark")
EVERY_SCREEN: Screens = [*product((PHONE, DESKTOP), SCHEMES)]
# Two screens show axe both layouts of a view, and its colours in both schemes. They are enough, because a width changes
# colours only in the header, as test_styles.py tests. ON_EVERY_SCREEN has the header. Each further screen takes long.
TWO_SCREENS: Screens = [(PHONE, "light"), (DESKTOP, "dark")]
ON_EVERY_SCREEN = {"sign-in", "order", "operators"}
"""One view for each form of the header: for nobody, for a person and for an operator."""

NARROW: ViewportSize = {"width": 320, "height": 568}
NOTE = "Called her: the card was mistyped, and she has placed the order again."
EMPTY = {
    "orders?": {"orders": [], "next": None},
    "reminders?status=": {"reminders": [], "next": None},
    "parked": {"items": []},
    "dead-letters": {"queues": [{"Queue": "OrderFulfillmentQueue", "Messages": 0}]},
}


@dataclass(frozen=True)
class Scene:
    """The users by name, and the ids of their orders by status."""

    users: dict[str, User]
    orders: dict[str, str]


@pytest.fixture(scope="module")
def scene(apps: Apps) -> Scene:
    grace, newcomer = apps.as_person("grace@example.com"), apps.as_new_person()
    orders = {
        "fulfilled": scenes.ordered(grace),
        "parked": scenes.parked(grace, ItemName="A lamp for the desk, with a shade", Price="49.90"),
        "escalated": scenes.escalated(grace, ItemName="LG gram 16"),
        "closed": scenes.closed(grace, apps, NOTE, Price="0.00"),
    }
    apps.finished(apps.start(apps.places.order_workflow, {"hello": "this is not an order"}))
    sqs, dead = apps.cloud.engine.client("sqs"), dead_letters_of(apps, "EscalationQueue")
    for number in range(3):
        sqs.send_message(QueueUrl=dead, MessageBody=json.dumps({"OrderId": scenes.new_id(), "Number": number}))

    scenes.failed_reminder(grace, "Renew the passport")
    with scenes.waits_skipped(apps):
        for message, preference in {"Water the plants": "email", "Call Ada back": "both"}.items():
            sent = scenes.set_reminder(grace, message, preference=preference, waitSeconds=0)
            scenes.wait_for_status(apps, sent["reminderId"], "SENT")
    scenes.set_reminder(grace, "Feed the cat", preference="both", waitSeconds=7 * 3600)
    scenes.set_reminder(grace, "Stand-up", waitSeconds=79_000, repeat={"every": "1d"}, timeZone="Europe/Paris")
    scenes.set_reminder(grace, "Dentist: bring the card,\nand the X-ray", preference="sms", waitSeconds=3_000_000)
    return Scene(
        users={"grace": grace.user, "newcomer": newcomer.user, "operator": apps.user},
        orders={name: order["OrderId"] for name, order in orders.items()},
    )


def try_an_empty_order(page: Page) -> None:
    page.get_by_role("button", name="Place the order").click()
    expect(page.locator(".problem").first).to_be_visible()


def open_and_send_the_whole_form(page: Page) -> None:
    page.get_by_label("At a date and time").check()
    page.get_by_label("Repeats").check()
    page.get_by_label("After a number of times").check()
    page.get_by_label("Both", exact=True).check()
    page.get_by_role("button", name="Remind me", exact=True).click()
    expect(page.locator(".problem").first).to_be_visible()


def ask_whether_to_cancel(page: Page) -> None:
    page.get_by_role("button", name="Cancel: Feed the cat").click()
    expect(page.get_by_role("group", name="Cancel this reminder?")).to_be_visible()


def edit_a_repeated_reminder(page: Page) -> None:
    page.get_by_role("button", name="Edit: Stand-up").click()
    page.get_by_label("Message", exact=True).fill(" ")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".problem")).to_be_visible()
    page.get_by_text("Behind the scenes").click()
    expect(page.get_by_text("lambdas/reminders/update_reminder.py: handler")).to_be_visible()
    expect(page.locator(".behind")).to_contain_text('"message": "Feed the cat"')


def change_the_phone(page: Page) -> None:
    page.get_by_role("button", name="Change phone number").click()
    page.get_by_label("New phone number").fill("12")
    page.get_by_role("button", name="Send a code").click()
    expect(page.locator(".problem")).to_be_visible()


def set_up_the_authenticator(page: Page) -> None:
    page.get_by_role("button", name="Set up an authenticator").click()
    expect(page.get_by_label("Key")).to_be_visible()


def correct_nothing(page: Page) -> None:
    page.get_by_role("button", name="Correct and send again").click()
    page.get_by_role("button", name="Send it again").click()
    expect(page.locator(".problem")).to_be_visible()


def open_the_panels(page: Page) -> None:
    for panel in ("How it works", "Behind the scenes"):
        page.get_by_text(panel, exact=True).click()
    expect(page.get_by_text("lambdas/orders/cache.py: lookup")).to_be_visible()


def change_the_password(page: Page) -> None:
    page.get_by_role("button", name="Change the password").click()
    page.get_by_role("button", name="Save the new password").click()
    expect(page.locator(".problem")).to_be_visible()


def open_a_correction(page: Page) -> None:
    page.get_by_role("button", name="Correct order").first.click()
    page.get_by_label("Card number").fill("x" * 33)
    page.get_by_role("button", name="Send it again").click()
    expect(page.locator(".problem")).to_be_visible()


def answers(page: Page, **by_operation: dict[str, Any]) -> None:
    """Makes Cognito answer these operations as given."""

    def answer(route: Route) -> None:
        operation = (route.request.headers.get("x-amz-target") or "").rpartition(".")[2]
        if operation in by_operation:
            route.fulfill(headers=CORS, **by_operation[operation])
        else:
            route.fallback()

    page.route("**/*", answer)


def ask_for_the_second_factor(page: Page) -> None:
    answers(page, InitiateAuth={"json": TOTP})
    sign_in(page)
    expect(page.get_by_label("Code")).to_be_visible()


def ask_for_a_password_of_their_own(page: Page) -> None:
    answers(page, InitiateAuth={"json": {**TOTP, "ChallengeName": "NEW_PASSWORD_REQUIRED"}})
    sign_in(page)
    page.get_by_role("button", name="Save and sign in").click()
    expect(page.locator(".problem")).to_be_visible()


def ask_for_a_new_password(page: Page) -> None:
    answers(page, ForgotPassword={"json": {}})
    page.get_by_label("E-mail address").fill("ada@example.com")
    page.get_by_role("button", name="Send me a code").click()
    expect(page.get_by_label("New password")).to_be_visible()


def end_the_session(page: Page) -> None:
    answers(page, InitiateAuth=refusal(*SESSION_OVER))
    page.route("**/v1/**", lambda route: route.fulfill(status=401, headers=CORS, json={}))
    my_orders(page)
    expect(page.get_by_role("dialog", name="Sign in again")).to_be_visible()


def go_offline(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    page.context.set_offline(True)
    expect(page.locator(".banner")).to_be_visible()


def bring_the_server_down(page: Page) -> None:
    page.route("**/v1/**", lambda route: route.abort())
    my_orders(page)
    expect(page.get_by_text("This could not be loaded")).to_be_visible()


def never_answer(page: Page) -> None:
    page.route("**/v1/**", lambda route: None)
    my_orders(page)
    expect(page.get_by_text("Newest first.")).to_be_visible()
    expect(page.locator("main .skeleton")).to_be_visible()


def never_load_the_view(page: Page) -> None:
    page.route("**/views/orders.js", lambda route: None)
    page.reload()
    expect(page.locator("main > h1 + .skeleton")).to_be_visible()


def lose_the_config(page: Page) -> None:
    page.route("**/config.json", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("heading", name="The page could not start")).to_be_visible()


def my_orders(page: Page) -> None:
    page.get_by_role("link", name="My orders").click()


def show_an_order_in_progress(page: Page) -> None:
    in_progress = {"OrderId": "T-on-its-way", "Status": "RECEIVED", "State": "Are details Proper"}
    received = {**scenes.AS_ANSWERED, **in_progress}
    page.route("**/v1/orders/*", lambda route: route.fulfill(headers=CORS, json=received))
    page.reload()
    expect(page.locator(".path [aria-current=step]").first).to_contain_text("now")


def open_a_closing(page: Page) -> None:
    page.get_by_role("button", name="Close order").first.click()
    page.get_by_role("button", name="Close the order").click()
    expect(page.locator(".problem")).to_be_visible()


def ask_whether_to_remove(page: Page) -> None:
    page.get_by_role("button", name="Remove: ").first.click()
    expect(page.get_by_role("group", name="Has somebody handled this message?")).to_be_visible()


def begin_to_delete_the_account(page: Page) -> None:
    page.get_by_role("button", name="Delete my account").click()
    page.get_by_role("button", name="Delete my account").click()
    expect(page.locator(".problem")).to_be_visible()


def delete_the_account(page: Page) -> None:
    """The API only says so. The person stays, for the next screen."""
    receipt = ANSWERED["DeleteAccount", "200"]["complete"]["value"]
    page.route("**/v1/account", lambda route: route.fulfill(headers=CORS, json=receipt))
    page.get_by_role("button", name="Delete my account").click()
    page.get_by_label("to delete your account").fill("grace@example.com")
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_role("heading", name="Your account is deleted")).to_be_visible()


def nothing(page: Page) -> None:
    """Does nothing: the view is tested as it opens."""


VIEWS: dict[str, tuple[str | None, str, Callable[[Page], None]]] = {
    "sign-in": (None, "", nothing),
    "sign-up": (None, "#/sign-up", nothing),
    "confirm": (None, "#/confirm", nothing),
    "forgotten": (None, "#/forgotten", nothing),
    "order": ("grace", "#/order", nothing),
    "order-wrong": ("grace", "#/order", try_an_empty_order),
    "order-fulfilled": ("grace", "#/orders/{fulfilled}", nothing),
    "order-escalated": ("grace", "#/orders/{escalated}", nothing),
    "order-parked": ("grace", "#/orders/{parked}", nothing),
    "order-closed": ("grace", "#/orders/{closed}", nothing),
    "orders": ("grace", "#/orders", nothing),
    "orders-empty": ("newcomer", "#/orders", nothing),
    "reminders": ("grace", "#/reminders", nothing),
    "reminders-cancel": ("grace", "#/reminders", ask_whether_to_cancel),
    "reminders-wrong": ("grace", "#/reminders", open_and_send_the_whole_form),
    "reminders-empty": ("newcomer", "#/reminders", nothing),
    "account": ("grace", "#/account", nothing),
    "account-phone": ("grace", "#/account", change_the_phone),
    "account-authenticator": ("grace", "#/account", set_up_the_authenticator),
    "operators": ("operator", "#/operators", open_a_correction),
    "outbox": ("grace", "#/outbox", nothing),
    "figures": ("operator", "#/figures", nothing),
    "not-found": ("grace", "#/nowhere", nothing),
    "404": (None, "nothing-here", nothing),
}
"""Each is a user, an address and the steps that the user takes."""

STATES: dict[str, tuple[str | None, str, Callable[[Page], None]]] = {
    "sign-in-second-factor": (None, "", ask_for_the_second_factor),
    "sign-in-own-password": (None, "", ask_for_a_password_of_their_own),
    "forgotten-new-password": (None, "#/forgotten", ask_for_a_new_password),
    "session-over": ("grace", "#/order", end_the_session),
    "offline": ("grace", "#/order", go_offline),
    "server-down": ("grace", "#/order", bring_the_server_down),
    "loading": ("grace", "#/order", never_answer),
    "arriving": ("grace", "#/orders", never_load_the_view),
    "no-start": (None, "", lose_the_config),
    "account-deletion": ("grace", "#/account", begin_to_delete_the_account),
    "account-receipt": ("grace", "#/account", delete_the_account),
    "order-on-its-way": ("grace", "#/orders/{fulfilled}", show_an_order_in_progress),
    "order-correct": ("grace", "#/orders/{escalated}", correct_nothing),
    "order-behind": ("grace", "#/orders/{fulfilled}", open_the_panels),
    "orders-search": ("grace", "#/orders?text=nothing&from=2026-01-01", nothing),
    "account-password": ("grace", "#/account", change_the_password),
    "reminders-edit": ("grace", "#/reminders", edit_a_repeated_reminder),
    "operators-close": ("operator", "#/operators", open_a_closing),
    "operators-remove": ("operator", "#/operators", ask_whether_to_remove),
}
"""Further states of the views. Each is a user, an address and the steps that lead to the state."""

OF_A_LOADED_TAB = {
    "server-down",
    "account-deletion",
    "order-correct",
    "order-behind",
    "orders-search",
    "account-password",
    "reminders-edit",
    "operators-close",
    "operators-remove",
}
"""The states that leave nothing behind in a tab, so they need no load of the page."""


def show(tab: Tab, route: str, act: Callable[[Page], None]) -> None:
    tab.go(route)
    expect(tab.page.locator(".skeleton")).to_have_count(0)
    act(tab.page)


def empty_all_lists(page: Page) -> None:
    """Makes the APIs answer that there is no order, reminder or message for operators."""

    def answer(route: Route) -> None:
        found = next((body for part, body in EMPTY.items() if f"/{part}" in route.request.url), None)
        if found is None or route.request.method != "GET" or route.request.resource_type == "script":
            route.fallback()
        else:
            route.fulfill(json=found, headers={"Access-Control-Allow-Origin": "*"})

    page.route("**/*", answer)


def as_they_open(who: str | None) -> dict[str, str]:
    """The addresses of the views of a user that are tested as they open, by name."""
    return {name: route for name, (user, route, act) in VIEWS.items() if user == who and act is nothing}


USED = [name for name, (*_, act) in VIEWS.items() if act is not nothing]


def test_the_views_on_every_screen_exist() -> None:
    assert ON_EVERY_SCREEN <= VIEWS.keys()


@pytest.mark.parametrize("who", ["grace", *long(None, "newcomer", "operator")])
def test_the_views_of_a_user_fit_every_screen_and_pass_axe(keep_tab: OpenTab, scene: Scene, who: str | None) -> None:
    tab = keep_tab(scene.users[who] if who else None)
    found = []
    for name, route in as_they_open(who).items():
        tab.refusals = {404} if name == "404" else set()
        tab.page.set_viewport_size(DESKTOP)
        tab.page.emulate_media(color_scheme="light")
        show(tab, route.format(**scene.orders), nothing)
        found += [f"{name}: {fault}" for fault in faults_of(tab, name)]

    assert found == []


@pytest.mark.parametrize("name", ["reminders-wrong", *long(*(name for name in USED if name != "reminders-wrong"))])
def test_a_view_that_is_used_fits_every_screen_and_passes_axe(keep_tab: OpenTab, scene: Scene, name: str) -> None:
    who, route, act = VIEWS[name]
    tab = keep_tab(scene.users[who] if who else None)
    show(tab, route.format(**scene.orders), act)

    assert faults_of(tab, name) == []


@pytest.mark.long
def test_the_view_of_operators_without_work_fits_every_screen_and_passes_axe(keep_tab: OpenTab, scene: Scene) -> None:
    tab = keep_tab(scene.users["operator"])
    empty_all_lists(tab.page)
    show(tab, "#/operators", nothing)

    assert faults_of(tab, "operators-empty") == []


@pytest.mark.long
@pytest.mark.parametrize("name", STATES)
def test_a_further_state_of_a_view_fits_and_passes_axe(
    open_tab: OpenTab, keep_tab: OpenTab, scene: Scene, name: str
) -> None:
    who, route, act = STATES[name]
    user = scene.users[who] if who else None
    tab = keep_tab(user) if name in OF_A_LOADED_TAB else open_tab(user, alone=name == "offline")
    tab.refusals, tab.is_cut_off = {400, 401}, True
    show(tab, route.format(**scene.orders), act)

    assert faults_of(tab, name) == []


def faults_of(tab: Tab, name: str) -> list[str]:
    """Returns what axe finds on the screens of a view, and the sizes at which content overflows."""
    found = []
    screens = EVERY_SCREEN if name in ON_EVERY_SCREEN else TWO_SCREENS
    for size, scheme in screens:
        tab.page.set_viewport_size(size)
        tab.page.emulate_media(color_scheme=scheme)
        # Dark differs from light only in its colours. The loop has already tested light at this size.
        rules = ("color-contrast",) if scheme == "dark" and (size, "light") in screens else ()
        found += [f"{size['width']} {scheme}: {one}" for one in tab.axe(*rules)]
        if WITH_SCREENSHOTS:
            show_the_whole_page(tab.page, size)
        tab.screenshot(f"{name}-{size['width']}-{scheme}")
    sizes = (NARROW, PHONE, DESKTOP)
    return found + [f"{size['width']}: something sticks out" for size in sizes if sticks_out(tab.page, size)]


def show_the_whole_page(page: Page, size: ViewportSize) -> None:
    """Makes the window as high as the page, so that an element fixed to the lower edge is at the end of the picture."""
    page.set_viewport_size({**size, "height": page.evaluate("document.documentElement.scrollHeight")})


def sticks_out(page: Page, size: ViewportSize) -> bool:
    page.set_viewport_size(size)
    # A dialog is in the top layer, which does not make the document wider.
    return bool(
        page.evaluate(
            "[document.documentElement, ...document.querySelectorAll('dialog[open]')]"
            ".some((one) => one.scrollWidth > one.clientWidth)"
        )
    )


@pytest.mark.long
def test_the_page_shows_what_is_chosen_if_the_browser_forces_colours(open_tab: OpenTab, person: User) -> None:
    tab = open_tab(person, forced_colors="active")
    tab.go("#/reminders")
    switch = tab.page.get_by_label("Repeats")
    switch.focus()
    off = switch.screenshot()
    switch.press("Space")
    expect(switch).to_be_checked()
    assert switch.screenshot() != off

    chosen, other = (tab.page.get_by_text(text, exact=True) for text in ("After a while", "At a date and time"))
    assert outline(chosen) != outline(other)
    assert outline(tab.page.get_by_role("link", name="Remind me")) != outline(
        tab.page.get_by_role("link", name="My orders")
    )


def outline(locator: Locator) -> str:
    return str(locator.evaluate("(element) => getComputedStyle(element).outlineStyle"))


@pytest.mark.long
@pytest.mark.parametrize(("motion", "animation"), [("no-preference", "arriving"), ("reduce", "none")])
def test_nothing_moves_if_the_user_prefers_reduced_motion(
    open_tab: OpenTab, scene: Scene, motion: str, animation: str
) -> None:
    tab = open_tab(scene.users["grace"], reduced_motion=motion)
    tab.go(f"#/orders/{scene.orders['fulfilled']}")
    node = tab.page.locator(".path .done > .node").first

    expect(node).to_have_css("animation-name", animation)
    expect(tab.page.locator(".path .done .word")).to_have_text(["done"] * 2 + ["here now"])
    expect(tab.page.locator(".chip")).to_have_text("In fulfillment")
