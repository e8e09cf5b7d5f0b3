"""Signing in, and keeping the refresh token. A real HTTP server replaces Cognito."""

import getpass
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from local.settings import PROJECT
from terminal.errors import CommandError
from tests.support.cognito import ADA, OLGA, PASSWORDS, FakeCognito
from tests.support.commands import Command, run_inside
from tests.support.orders_stack import REGION
from tools.accounts.people import Person
from tools.aws import Aws
from tools.deployment import Deployment
from tools.sign_in.__main__ import main

Type = Callable[..., list[str]]
RENEWED, BY_PASSWORD = "REFRESH_TOKEN_AUTH", "USER_PASSWORD_AUTH"


@pytest.fixture
def sign_in(cognito: FakeCognito, capsys: pytest.CaptureFixture[str]) -> Command:
    return lambda *arguments: run_inside(capsys, main, arguments)


@pytest.fixture
def typed(cognito: FakeCognito, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Types the given answers at the terminal, and returns the questions."""

    def type_in(*answers: str) -> list[str]:
        left, questions = list(answers), []

        def answer(question: str) -> str:
            questions.append(question)
            return left.pop(0)

        monkeypatch.setattr(getpass, "getpass", answer)
        return questions

    return type_in


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "orders-and-reminders" / "sign-in"


def person(user: str | None = ADA) -> Person:
    """The user who signs in for another command."""
    return Deployment("dev", Aws(boto3.Session(region_name=REGION))).people().one(user)


def test_signing_in_asks_for_the_password_and_prints_neither_it_nor_a_token(
    sign_in: Command, cognito: FakeCognito, typed: Type
) -> None:
    questions = typed(PASSWORDS[OLGA])

    run = sign_in("--user", OLGA)

    assert (run.status, run.out, run.err) == (0, f"signed in  {OLGA}\noperator   yes\n", "")
    assert questions == [f"Password of {OLGA}: "]
    [(body, authorization)] = cognito.requests
    assert (body["ClientId"], body["AuthFlow"]) == ("client", BY_PASSWORD)
    assert authorization is None


def test_after_signing_in_no_command_asks_for_a_name_or_a_password(
    sign_in: Command, cognito: FakeCognito, typed: Type
) -> None:
    typed(PASSWORDS[ADA])
    sign_in("--user", ADA)

    again, token = sign_in("--json"), person(None).token()

    assert again.json == {"signed in": ADA, "operator": False}
    assert cognito.issued[token] == ADA
    assert cognito.asked == [BY_PASSWORD, RENEWED, RENEWED]


def test_only_the_refresh_token_is_kept_and_only_its_owner_can_read_it(
    sign_in: Command, cognito: FakeCognito, typed: Type, cache: Path
) -> None:
    cache.mkdir(parents=True, mode=0o755)
    typed(PASSWORDS[ADA])

    before = os.umask(0)
    try:
        sign_in("--user", ADA)
    finally:
        os.umask(before)

    [file] = cache.iterdir()
    assert json.loads(file.read_text()) == {"email": ADA, "refresh": "refresh-1"}
    assert (file.stat().st_mode & 0o777, cache.stat().st_mode & 0o777) == (0o600, 0o700)


def test_an_expired_refresh_token_is_deleted_and_the_password_is_asked_for(
    sign_in: Command, cognito: FakeCognito, typed: Type, cache: Path
) -> None:
    typed(PASSWORDS[ADA], PASSWORDS[ADA])
    sign_in("--user", ADA)
    cognito.refresh_tokens.clear()

    run = sign_in("--user", ADA.upper())

    assert run.status == 0
    assert cognito.asked == [BY_PASSWORD, RENEWED, BY_PASSWORD]
    assert [json.loads(file.read_text())["refresh"] for file in cache.iterdir()] == ["refresh-3"]


def test_an_expired_refresh_token_is_deleted_even_if_signing_in_again_fails(
    sign_in: Command, cognito: FakeCognito, typed: Type, cache: Path
) -> None:
    typed(PASSWORDS[ADA], "wrong")
    sign_in("--user", ADA)
    cognito.refresh_tokens.clear()

    assert sign_in().status == 1
    assert list(cache.iterdir()) == []


@pytest.mark.parametrize("refusal", ["TooManyRequestsException", ""])
def test_the_refresh_token_is_kept_if_the_user_pool_is_busy_or_unreachable(
    sign_in: Command, cognito: FakeCognito, typed: Type, cache: Path, refusal: str
) -> None:
    typed(PASSWORDS[ADA])
    sign_in("--user", ADA)
    cognito.refusal = refusal

    refused = sign_in()
    cognito.refusal = None

    assert (refused.status, sign_in().status) == (1, 0)


@pytest.mark.parametrize(
    "content",
    [
        *("", "[]", "{}", '{"email": "ada@example.com"}', '"\\ud800"', "null", "[" * 100_000, "\0", '{"email": 1'),
        *('{"email": "ada@example.com", "refresh": ["refresh-1"]}', '{"email": 1, "refresh": "refresh-1"}'),
    ],
)
def test_a_damaged_file_is_ignored(
    sign_in: Command, cognito: FakeCognito, typed: Type, cache: Path, content: str
) -> None:
    typed(PASSWORDS[ADA], PASSWORDS[ADA])
    sign_in("--user", ADA)
    [file] = cache.iterdir()
    file.write_text(content)

    assert sign_in("--user", ADA).status == 0
    assert cognito.asked == [BY_PASSWORD, BY_PASSWORD]


def test_an_unreadable_folder_is_ignored(
    sign_in: Command, cognito: FakeCognito, typed: Type, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root can read every folder, so the test simulates the refusal."""
    listdir = os.listdir

    def refusing(folder: Any = ".") -> list[str]:
        # botocore lists the folders of its own models.
        if Path(folder) == cache:
            raise PermissionError(13, "Permission denied", str(folder))
        return listdir(folder)

    monkeypatch.setattr(os, "listdir", refusing)
    typed(PASSWORDS[ADA])

    assert sign_in("--user", ADA).status == 0
    assert sign_in().err.startswith("error: no user is signed in: name a user")
    assert sign_in("--out").out == "nobody was signed in\n"


def test_if_the_token_cannot_be_kept_sign_in_fails_and_the_other_commands_ask_again(
    sign_in: Command, typed: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    typed(PASSWORDS[ADA], PASSWORDS[ADA])

    run = sign_in("--user", ADA)

    assert (run.status, run.out) == (1, "")
    assert "will ask again, because /dev/null/orders-and-reminders/sign-in cannot be written" in run.err
    assert person().token()


def test_with_the_settings_nothing_is_asked(
    sign_in: Command, cognito: FakeCognito, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGN_IN_EMAIL", OLGA)
    monkeypatch.setenv("SIGN_IN_PASSWORD", PASSWORDS[OLGA])

    assert sign_in("--json").json == {"signed in": OLGA, "operator": True}


def test_the_password_in_the_settings_is_not_sent_for_another_user(
    sign_in: Command, cognito: FakeCognito, typed: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SIGN_IN_EMAIL", OLGA)
    monkeypatch.setenv("SIGN_IN_PASSWORD", PASSWORDS[OLGA])
    questions = typed(PASSWORDS[ADA])

    sign_in("--user", ADA)

    assert questions == [f"Password of {ADA}: "]
    assert PASSWORDS[OLGA] not in json.dumps(cognito.requests)


def test_without_a_user_or_with_several_users_one_has_to_be_named(
    sign_in: Command, cognito: FakeCognito, typed: Type
) -> None:
    nobody = sign_in()
    typed(PASSWORDS[ADA], PASSWORDS[OLGA])
    sign_in("--user", ADA), sign_in("--user", OLGA)
    several = sign_in()

    assert nobody.err == (
        "error: no user is signed in: name a user with --user you@example.com, or with the setting SIGN_IN_EMAIL\n"
    )
    assert ADA in several.err and OLGA in several.err
    assert len(cognito.requests) == 2


def test_a_code_and_a_new_password_are_asked_for_if_the_user_pool_requires_them(
    sign_in: Command, cognito: FakeCognito, typed: Type
) -> None:
    cognito.challenges = ["NEW_PASSWORD_REQUIRED", "SOFTWARE_TOKEN_MFA"]
    questions = typed(PASSWORDS[ADA], "New-password-1", "New-password-1", " 123456 ")

    run = sign_in("--user", ADA)

    assert run.status == 0, run.err
    assert len(questions) == 4
    known_as = {"USERNAME": f"sub-of-{ADA}"}
    assert [body["ChallengeResponses"] for body, _ in cognito.requests[1:]] == [
        {**known_as, "NEW_PASSWORD": "New-password-1"},
        {**known_as, "SOFTWARE_TOKEN_MFA_CODE": "123456"},
    ]


@pytest.mark.parametrize(
    ("challenge", "said"),
    [
        ("NEW_PASSWORD_REQUIRED", "the two new passwords differ"),
        ("SMS_MFA", "the user pool asks for SMS_MFA, which the commands do not support"),
    ],
)
def test_a_wrong_or_unsupported_answer_ends_the_sign_in(
    sign_in: Command, cognito: FakeCognito, typed: Type, challenge: str, said: str
) -> None:
    cognito.challenges = [challenge]
    typed(PASSWORDS[ADA], "New-password-1", "New-password-2")

    run = sign_in("--user", ADA)

    assert (run.status, cognito.asked) == (1, [BY_PASSWORD])
    assert said in run.err


REFUSED = [
    ("NotAuthorizedException", "the e-mail address or the password is wrong, or the account is disabled"),
    ("UserNotFoundException", "the e-mail address or the password is wrong"),
    ("UserNotConfirmedException", "is not confirmed yet: on the page, enter the code"),
    ("PasswordResetRequiredException", "the password has to be reset"),
    ("ResourceNotFoundException", "the user pool was deleted: deploy this stage again"),
    ("TooManyRequestsException", "too many attempts"),
    (("NotAuthorizedException", "Password attempts exceeded"), "too many attempts"),
    ("InvalidParameterException", "InitiateAuth was refused (InvalidParameterException)"),
    ("", "cannot sign in: no answer from AWS"),
]


@pytest.mark.parametrize(("refusal", "said"), REFUSED)
def test_a_refused_sign_in_is_explained_without_repeating_the_password(
    sign_in: Command, cognito: FakeCognito, typed: Type, refusal: Any, said: str
) -> None:
    cognito.refusal = refusal
    typed(PASSWORDS[ADA])

    run = sign_in("--user", ADA)

    assert (run.status, run.out) == (1, "")
    assert said in run.err
    assert PASSWORDS[ADA] not in run.err


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        ("CodeMismatchException", "the code is wrong"),
        ("ExpiredCodeException", "the code has expired"),
        ("NotAuthorizedException", "signing in took too long: sign in again"),
    ],
)
def test_a_refused_code_is_explained(
    sign_in: Command, cognito: FakeCognito, monkeypatch: pytest.MonkeyPatch, refusal: str, said: str
) -> None:
    def answer(question: str) -> str:
        cognito.refusal = refusal if question.startswith("Code") else None
        return PASSWORDS[ADA]

    cognito.challenges = ["SOFTWARE_TOKEN_MFA"]
    monkeypatch.setattr(getpass, "getpass", answer)

    assert said in sign_in("--user", ADA).err


@pytest.mark.usefixtures("aws")
def test_a_stage_without_a_user_pool_is_reported(capsys: pytest.CaptureFixture[str]) -> None:
    absent = run_inside(capsys, main, ["--user", ADA])
    older = {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}
    boto3.client("cloudformation", REGION).create_stack(StackName="dev-identity", TemplateBody=json.dumps(older))
    without_client = run_inside(capsys, main, ["--user", ADA])

    assert absent.err.startswith("error: there is no stack dev-identity in us-east-1: deploy it")
    assert without_client.err.startswith("error: the deployed stack has no output WebClientId: deploy this version")


def test_signing_out_revokes_and_deletes_the_refresh_tokens(
    sign_in: Command, cognito: FakeCognito, typed: Type, cache: Path
) -> None:
    typed(PASSWORDS[ADA], PASSWORDS[OLGA])
    sign_in("--user", ADA), sign_in("--user", OLGA)

    one, rest, nobody = sign_in("--out", "--user", ADA), sign_in("--out", "--json"), sign_in("--out")

    assert (one.out, rest.json, nobody.out) == (
        f"signed out  {ADA}\n",
        {"signed out": [OLGA]},
        "nobody was signed in\n",
    )
    assert (cognito.refresh_tokens, list(cache.iterdir())) == ({}, [])


@pytest.mark.parametrize(
    ("refusal", "status"),
    [("UnauthorizedException", 0), ("ResourceNotFoundException", 0), ("TooManyRequestsException", 1), ("", 1)],
)
def test_a_token_that_could_not_be_revoked_is_kept_for_the_next_attempt(
    sign_in: Command, cognito: FakeCognito, typed: Type, cache: Path, refusal: str, status: int
) -> None:
    typed(PASSWORDS[ADA])
    sign_in("--user", ADA)
    cognito.refusal = refusal

    run = sign_in("--out")

    assert (run.status, len(list(cache.iterdir()))) == (status, status)


def test_a_token_is_printed_to_a_program_and_not_to_a_terminal(
    sign_in: Command, cognito: FakeCognito, typed: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(PASSWORDS[ADA])

    piped = sign_in("--user", ADA, "--print-token")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    shown = sign_in("--user", ADA, "--print-token")

    assert cognito.issued[piped.out.removesuffix("\n")] == ADA
    assert (shown.status, shown.out) == (1, "")
    assert "a token is not printed to a terminal: use token=$(" in shown.err


def test_a_token_is_renewed_before_it_expires(cognito: FakeCognito, typed: Type) -> None:
    typed(PASSWORDS[ADA])
    lasting = person()
    assert lasting.token() == lasting.token()
    cognito.lasts_seconds = 59
    short = person()

    assert short.token() != short.token()
    assert cognito.asked == [BY_PASSWORD, RENEWED, RENEWED]


def test_after_forgetting_the_kept_token_is_deleted_and_the_next_one_needs_a_sign_in(
    cognito: FakeCognito, typed: Type, cache: Path
) -> None:
    typed(PASSWORDS[ADA], PASSWORDS[ADA])
    ada = person()
    first = ada.token()

    ada.forget()

    assert list(cache.iterdir()) == []
    assert ada.token() != first
    assert cognito.asked == [BY_PASSWORD, BY_PASSWORD]


@pytest.mark.parametrize(
    ("user", "demo", "signed_in"),
    [(None, "person", ADA), (None, "operator", OLGA), (OLGA.upper(), "person", OLGA)],
)
def test_on_the_laptop_cloud_demo_users_sign_in_and_no_token_is_kept(
    cognito: FakeCognito, cache: Path, monkeypatch: pytest.MonkeyPatch, user: str | None, demo: str, signed_in: str
) -> None:
    monkeypatch.setenv("SIGN_IN_EMAIL", "somebody@example.com")
    users = {
        role: SimpleNamespace(email=email, password=PASSWORDS[email], role=role)
        for role, email in {"person": ADA, "operator": OLGA}.items()
    }
    aws = Aws(boto3.Session(region_name=REGION), demo_users=lambda: users)

    token = Deployment("dev", aws).people().one(user, demo=demo).token()

    assert cognito.issued[token] == signed_in
    assert not cache.exists()


def test_a_token_is_not_sent_to_another_region(
    cognito: FakeCognito, typed: Type, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed(PASSWORDS[ADA])
    person().token()
    cloudformation = boto3.client("cloudformation", "eu-west-1")
    outputs = {"WebClientId": {"Value": "client"}}
    template = {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}, "Outputs": outputs}
    cloudformation.create_stack(StackName="dev-identity", TemplateBody=json.dumps(template))

    elsewhere = Deployment("dev", Aws(boto3.Session(region_name="eu-west-1"))).people()

    with pytest.raises(CommandError, match="no user is signed in"):
        elsewhere.one(None)


ASKING = """
import tools
from tools.command import exit_status
from tools.accounts import kept
from tools.accounts.people import People
from types import SimpleNamespace

def sign_in(email, password, ask):
    return SimpleNamespace(id=f"{len(password)} letters", lasts_seconds=3600, refresh=None)

people = People(SimpleNamespace(sign_in=sign_in), stage="dev", kept=kept.of("client"))
raise SystemExit(exit_status(lambda: print(people.one("ada@example.com").token()) or 0))
"""


def test_the_terminal_does_not_show_the_typed_password() -> None:
    terminal, end = pty.openpty()
    # In a new session, so that the process has no other terminal.
    process = subprocess.Popen(
        [sys.executable, "-c", ASKING], cwd=PROJECT, stdin=end, stdout=end, stderr=end, start_new_session=True
    )
    os.close(end)
    shown = b""
    while b"Password of ada@example.com: " not in shown:
        shown += os.read(terminal, 1000)
    os.write(terminal, b"Correct-horse-1\n")
    while b"15 letters" not in shown:
        shown += os.read(terminal, 1000)
    status = process.wait(60)
    os.close(terminal)

    assert status == 0
    assert b"Correct" not in shown


def test_without_a_terminal_piped_input_is_not_used_as_the_password() -> None:
    run = subprocess.run(
        [sys.executable, "-c", ASKING],
        cwd=PROJECT,
        input="an order\n",
        capture_output=True,
        text=True,
        timeout=60,
        start_new_session=True,
    )

    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == (
        "error: 'Password of ada@example.com' cannot be asked without a terminal: run `sign-in "
        "--stage dev` in a terminal, or set SIGN_IN_EMAIL and SIGN_IN_PASSWORD\n"
    )


@pytest.mark.parametrize(
    "arguments", [["--out", "--print-token"], ["--user", "ada"], ["--user", "a@b c"], ["--password", "x"], ["extra"]]
)
def test_wrong_usage_is_status_2(sign_in: Command, cognito: FakeCognito, arguments: list[str]) -> None:
    run = sign_in(*arguments)

    assert (run.status, run.out, cognito.requests) == (2, "", [])
