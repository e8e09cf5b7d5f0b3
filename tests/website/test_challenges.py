"""Cognito's challenges after the password, and the words for its refusals."""

import pytest
from playwright.sync_api import expect

from local.cloud import Places
from local.users import User
from tests.support.marks import long
from tests.support.page.challenges import PARAMETERS, SESSION_OVER, TOTP, answer, refusal, send_code, sign_in
from tests.support.page.tab import OpenTab, Tab


@pytest.fixture
def tab(open_tab: OpenTab) -> Tab:
    tab = open_tab()
    tab.refusals = {400}
    tab.go()
    return tab


@pytest.mark.parametrize("parameters", [PARAMETERS, *long({}, None)])
def test_a_code_is_sent_with_the_name_that_the_user_pool_has_for_the_person(
    tab: Tab, places: Places, parameters: dict[str, str] | None
) -> None:
    challenge = {**TOTP, "ChallengeParameters": parameters}
    over = refusal("CodeMismatchException", "Invalid code received for user")
    asked = answer(tab, places, InitiateAuth={"json": challenge}, RespondToAuthChallenge=over)
    sign_in(tab.page)

    send_code(tab.page)

    expect(tab.page.get_by_label("Code")).to_have_accessible_description(
        "Enter the six digits that your authenticator app shows now."
        " The code is wrong. Check that the app’s device shows the right time, then enter the next code."
    )
    name = (parameters or {}).get("USER_ID_FOR_SRP", "ada@example.com")
    assert asked[-1]["ChallengeResponses"] == {"USERNAME": name, "SOFTWARE_TOKEN_MFA_CODE": "123456"}


@pytest.mark.long
@pytest.mark.parametrize("name", ["SOFTWARE_TOKEN_MFA", "NEW_PASSWORD_REQUIRED"])
def test_a_second_step_that_takes_too_long_leads_back_to_the_password(tab: Tab, places: Places, name: str) -> None:
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


@pytest.mark.long
def test_a_used_code_is_reported_beside_it_and_the_next_one_can_be_entered(tab: Tab, places: Places) -> None:
    used = refusal("ExpiredCodeException", "Your software token has already been used once.")
    answer(tab, places, InitiateAuth={"json": TOTP}, RespondToAuthChallenge=used)
    sign_in(tab.page)

    send_code(tab.page)

    expect(
        tab.page.get_by_text("This code was already used or has expired. Enter the app’s next code.")
    ).to_be_visible()
    expect(tab.page.get_by_label("Code")).to_be_focused()


@pytest.mark.long
def test_an_unsupported_challenge_is_named(tab: Tab, places: Places) -> None:
    answer(tab, places, InitiateAuth={"json": {**TOTP, "ChallengeName": "EMAIL_OTP"}})

    sign_in(tab.page)

    expect(tab.page.get_by_role("alert")).to_have_text(
        "Your account requires a sign-in step that this page does not support: EMAIL_OTP."
        " Ask an administrator for help."
    )


@pytest.mark.long
def test_an_unsupported_challenge_after_a_code_leads_back_to_the_password(tab: Tab, places: Places) -> None:
    unknown = {"json": {**TOTP, "ChallengeName": "SMS_MFA"}}
    answer(tab, places, InitiateAuth={"json": TOTP}, RespondToAuthChallenge=unknown)
    sign_in(tab.page)

    send_code(tab.page)

    expect(tab.page.get_by_role("alert")).to_contain_text("does not support: SMS_MFA.")
    expect(tab.page.get_by_label("Password")).to_be_focused()


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("Incorrect username or password.", "The e-mail address or the password is wrong."),
        ("User is disabled.", "This account is disabled. Ask an administrator to enable it."),
        ("Password attempts exceeded", "Too many attempts. Wait a few minutes, then try again."),
    ],
)
def test_a_refused_sign_in_says_why(tab: Tab, places: Places, message: str, words: str) -> None:
    answer(tab, places, InitiateAuth=refusal("NotAuthorizedException", message))

    sign_in(tab.page)

    expect(tab.page.get_by_role("alert")).to_have_text(words)


@pytest.mark.long
def test_an_address_that_is_already_confirmed_is_reported(tab: Tab, places: Places) -> None:
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
    expect(alert).to_have_text("This address is already confirmed. Sign in.")
    tab.page.get_by_role("button", name="Send another code").click()
    expect(alert).to_have_text("This address is already confirmed. Sign in.")


@pytest.mark.long
def test_a_revoked_access_token_is_not_reported_as_a_wrong_password(
    open_tab: OpenTab, places: Places, somebody: User
) -> None:
    tab = open_tab(somebody)
    tab.refusals = {400}
    answer(tab, places, GetUser=refusal("NotAuthorizedException", "Access Token has been revoked"))

    tab.go("#/account")

    expect(tab.page.get_by_role("alert")).to_contain_text(
        "Your sign-in is no longer valid. Sign out, then sign in again."
    )
