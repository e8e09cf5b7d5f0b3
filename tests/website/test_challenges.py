"""What Cognito asks for besides the password, and its refusals in words that fit what was asked."""

import pytest
from playwright.sync_api import expect

from local.cloud import Places
from local.users import User
from tests.support.page.challenges import PARAMETERS, SESSION_OVER, TOTP, answer, refusal, send_code, sign_in
from tests.support.page.tab import OpenTab, Tab


@pytest.fixture
def tab(open_tab: OpenTab) -> Tab:
    tab = open_tab()
    tab.refusals = {400}
    tab.go()
    return tab


@pytest.mark.parametrize("parameters", [PARAMETERS, {}, None])
def test_a_code_is_sent_by_the_name_that_the_pool_knows_the_person_by(
    tab: Tab, places: Places, parameters: dict[str, str] | None
) -> None:
    challenge = {**TOTP, "ChallengeParameters": parameters}
    over = refusal("CodeMismatchException", "Invalid code received for user")
    asked = answer(tab, places, InitiateAuth={"json": challenge}, RespondToAuthChallenge=over)
    sign_in(tab.page)

    send_code(tab.page)

    expect(tab.page.get_by_label("Code")).to_have_accessible_description(
        "The six digits that your authenticator app shows now."
        " The code is wrong. Wait for the app’s next one, and see that this device’s clock is right."
    )
    name = (parameters or {}).get("USER_ID_FOR_SRP", "ada@example.com")
    assert asked[-1]["ChallengeResponses"] == {"USERNAME": name, "SOFTWARE_TOKEN_MFA_CODE": "123456"}


@pytest.mark.parametrize("name", ["SOFTWARE_TOKEN_MFA", "NEW_PASSWORD_REQUIRED"])
def test_who_takes_too_long_for_the_second_step_starts_again_with_the_password(
    tab: Tab, places: Places, name: str
) -> None:
    answer(
        tab,
        places,
        InitiateAuth={"json": {**TOTP, "ChallengeName": name}},
        RespondToAuthChallenge=refusal(*SESSION_OVER),
    )
    sign_in(tab.page)

    if name == "SOFTWARE_TOKEN_MFA":
        send_code(tab.page)
    else:
        tab.page.get_by_label("New password").fill("Correct-horse-2")
        tab.page.get_by_role("button", name="Save and sign in").click()

    expect(tab.page.get_by_role("alert")).to_have_text("That took too long. Sign in again with your password.")
    expect(tab.page.get_by_label("E-mail address")).to_have_value("ada@example.com")
    expect(tab.page.get_by_label("Password", exact=True)).to_be_focused()


def test_a_code_that_was_used_is_told_beside_it_and_can_be_followed_by_the_next(tab: Tab, places: Places) -> None:
    used = refusal("ExpiredCodeException", "Your software token has already been used once.")
    answer(tab, places, InitiateAuth={"json": TOTP}, RespondToAuthChallenge=used)
    sign_in(tab.page)

    send_code(tab.page)

    expect(tab.page.get_by_text("The code is used or too old. Wait for the app’s next one.")).to_be_visible()
    expect(tab.page.get_by_label("Code")).to_be_focused()


def test_what_the_page_cannot_answer_is_named(tab: Tab, places: Places) -> None:
    answer(tab, places, InitiateAuth={"json": {**TOTP, "ChallengeName": "EMAIL_OTP"}})

    sign_in(tab.page)

    expect(tab.page.get_by_role("alert")).to_have_text(
        "This account needs a kind of sign-in that this page does not know: EMAIL_OTP."
    )


def test_what_the_page_cannot_answer_after_a_code_leads_back_to_the_password(tab: Tab, places: Places) -> None:
    unknown = {"json": {**TOTP, "ChallengeName": "SMS_MFA"}}
    answer(tab, places, InitiateAuth={"json": TOTP}, RespondToAuthChallenge=unknown)
    sign_in(tab.page)

    send_code(tab.page)

    expect(tab.page.get_by_role("alert")).to_contain_text("does not know: SMS_MFA.")
    expect(tab.page.get_by_label("Password")).to_be_focused()


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Incorrect username or password.", "The e-mail address or the password is wrong."),
        ("User is disabled.", "This account is disabled. An operator of the user pool can enable it again."),
        ("Password attempts exceeded", "That was too often. Wait a few minutes, then try again."),
    ],
)
def test_a_refused_sign_in_says_which_of_the_reasons_it_has(tab: Tab, places: Places, message: str, words: str) -> None:
    answer(tab, places, InitiateAuth=refusal("NotAuthorizedException", message))

    sign_in(tab.page)

    expect(tab.page.get_by_role("alert")).to_have_text(words)


def test_an_address_that_is_confirmed_already_is_told_so(tab: Tab, places: Places) -> None:
    status = "User cannot be confirmed. Current status is CONFIRMED"
    answer(
        tab,
        places,
        ConfirmSignUp=refusal("NotAuthorizedException", status),
        ResendConfirmationCode=refusal("InvalidParameterException", "User is already confirmed."),
    )
    tab.go("#/confirm")
    alert = tab.page.get_by_role("alert")

    tab.page.get_by_label("E-mail address").fill("ada@example.com")
    send_code(tab.page, "Confirm")
    expect(alert).to_have_text("This address is confirmed already. Sign in instead.")
    tab.page.get_by_role("button", name="Send another code").click()
    expect(alert).to_have_text("This address is confirmed already. Sign in instead.")


def test_a_revoked_access_token_is_not_taken_for_a_wrong_password(
    open_tab: OpenTab, places: Places, somebody: User
) -> None:
    tab = open_tab(somebody)
    tab.refusals = {400}
    answer(tab, places, GetUser=refusal("NotAuthorizedException", "Access Token has been revoked"))

    tab.go("#/account")

    expect(tab.page.get_by_role("alert")).to_contain_text("This was refused. Sign out, and in again.")
