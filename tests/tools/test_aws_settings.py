"""Wrong AWS settings: a sentence says what is wrong and what to do, before anything is sent."""

from pathlib import Path
from typing import Any

import pytest
from botocore import exceptions
from botocore.credentials import AssumeRoleProvider
from botocore.exceptions import BotoCoreError

from stacks.names import STAGES_IN_WORDS
from tests.support.commands import Command, run_inside
from tests.support.orders_stack import CARD
from tools.doctor.__main__ import main as doctor
from tools.errors import UNREACHABLE, sentence

CONFIG = f"""\
[profile sso]
sso_start_url = https://cats.awsapps.com/start
sso_region = us-east-1
sso_account_id = 1
sso_role_name = cat
[profile loop]
role_arn = arn:aws:iam::1:role/cat
source_profile = loop
[profile nowhere]
role_arn = arn:aws:iam::1:role/cat
source_profile = nobody
[profile keys]
aws_access_key_id = x
aws_secret_access_key = y
[profile code]
role_arn = arn:aws:iam::1:role/cat
source_profile = keys
mfa_serial = arn:aws:iam::1:mfa/cat
[profile fails]
credential_process = /bin/sh -c "echo {CARD} >&2; false"
[profile talks]
credential_process = /bin/echo {CARD}
[profile half]
aws_access_key_id = x
[profile login]
login_session = arn:aws:iam::1:user/cat
"""
KEYS = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "y"}
PROXY = "http://user:secret@127.0.0.1:1"

WRONG: list[tuple[dict[str, str], str]] = [
    ({"AWS_PROFILE": "nobody"}, "there is no AWS profile nobody: set AWS_PROFILE to"),
    ({"AWS_PROFILE": "sso"}, "you are not signed in to AWS, or your session has expired: run `aws sso login"),
    ({"AWS_PROFILE": "loop"}, "an AWS setting is wrong: Infinite loop in credential configuration"),
    ({"AWS_PROFILE": "nowhere"}, 'an AWS setting is wrong: The source_profile "nobody" referenced'),
    ({"AWS_PROFILE": "code"}, "this AWS profile asks for a code, which needs a terminal"),
    ({"AWS_PROFILE": "fails"}, "the AWS credentials could not be fetched (custom-process): `aws sts"),
    ({"AWS_PROFILE": "talks"}, "the AWS profile or its credential_process returns no credentials"),
    ({"AWS_PROFILE": "half"}, "the AWS credentials are incomplete: set aws_secret_access_key too"),
    ({"AWS_PROFILE": "login"}, "this AWS profile signs in with `aws login`, which these commands cannot use"),
    ({"AWS_ACCESS_KEY_ID": "x"}, "the AWS credentials are incomplete: set AWS_SECRET_ACCESS_KEY too"),
    ({"AWS_CONFIG_FILE": "malformed"}, "the AWS settings in {folder}/malformed cannot be read: repair that file"),
    ({"AWS_SHARED_CREDENTIALS_FILE": "malformed"}, "the AWS settings in {folder}/malformed cannot be read"),
    ({**KEYS, "AWS_REGION": "the moon"}, "'the moon' is not an AWS region: set AWS_REGION to a valid one"),
    (
        {**KEYS, "AWS_REGION": ""},
        "no AWS region is set: set AWS_REGION, or AWS_PROFILE to a profile with a region; for",
    ),
    ({**KEYS, "AWS_REGION": "  "}, "no AWS region is set"),
    ({**KEYS, "AWS_MAX_ATTEMPTS": "many"}, "an AWS setting is wrong: 'many' is not a number"),
    (
        {**KEYS, "AWS_DEFAULTS_MODE": "fast"},
        "an AWS setting is wrong: Client configured with invalid defaults mode",
    ),
    ({**KEYS, "AWS_ENDPOINT_URL_{SERVICE}": "nowhere"}, "an AWS setting is wrong: Invalid endpoint: nowhere"),
    ({**KEYS, "HTTPS_PROXY": PROXY}, "no answer from the proxy in HTTPS_PROXY or HTTP_PROXY: start the proxy"),
    ({**KEYS, "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}, UNREACHABLE),
    (
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere", "AWS_ROLE_ARN": "arn:aws:iam::1:role/cat"},
        "an AWS setting is wrong: /nowhere: No such file or directory",
    ),
    ({"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://evil.example/"}, "an AWS setting is wrong: Unsupported host"),
]


@pytest.fixture
def set_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Sets the given AWS settings, and removes all others."""
    (tmp_path / "config").write_text(CONFIG)
    (tmp_path / "malformed").write_text("[default\nregion = x\n")
    for name in (
        "AWS_ACCESS_KEY_ID",
        "AWS_SECRET_ACCESS_KEY",
        "AWS_SESSION_TOKEN",
        "AWS_DEFAULT_REGION",
        "AWS_PROFILE",
    ):
        monkeypatch.delenv(name, raising=False)
    for name in ("STAGE", "AWS_ENDPOINT_URL", "https_proxy", "HTTPS_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    usual = {"AWS_CONFIG_FILE": "config", "AWS_SHARED_CREDENTIALS_FILE": "none", "AWS_REGION": "us-east-1"}
    usual |= {"AWS_EC2_METADATA_DISABLED": "true", "AWS_MAX_ATTEMPTS": "1"}

    def no_terminal(*_: Any) -> str:
        raise EOFError

    # botocore took the default function when it was imported.
    monkeypatch.setattr(AssumeRoleProvider.__init__, "__defaults__", (no_terminal, None, None))

    def put(settings: dict[str, str], *, service: str) -> None:
        for name, value in {**usual, **settings}.items():
            in_folder = name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")
            monkeypatch.setenv(name.format(SERVICE=service), str(tmp_path / value) if in_folder else value)

    return put


@pytest.mark.parametrize(("settings", "said"), WRONG, ids=[" ".join(settings.values()) for settings, _ in WRONG])
def test_the_first_call_reports_a_wrong_setting(
    command: Command, set_up: Any, settings: dict[str, str], said: str, tmp_path: Path
) -> None:
    set_up(settings, service="CLOUDFORMATION")

    run = command("parked")

    assert (run.status, run.out) == (1, "")
    assert run.err.startswith(f"error: {said.format(folder=tmp_path)}")
    assert run.err.count("\n") == 1 and CARD not in run.err and "secret@" not in run.err


@pytest.mark.parametrize(("settings", "said"), WRONG, ids=[" ".join(settings.values()) for settings, _ in WRONG])
def test_the_doctor_reports_a_wrong_setting_too(
    capsys: pytest.CaptureFixture[str], set_up: Any, settings: dict[str, str], said: str, tmp_path: Path
) -> None:
    """`make deploy` runs the doctor before it synthesises the templates, which takes longer."""
    set_up(settings, service="STS")

    run = run_inside(capsys, doctor, ["--deploying", "--sender", "cats@our-cats.org"])

    assert run.status == 1
    assert said.format(folder=tmp_path) in " ".join((run.out + run.err).split())
    assert CARD not in run.out + run.err and "secret@" not in run.out + run.err


@pytest.mark.parametrize(
    "address",
    ["nowhere", "http://", "http://h:99999", "http://h:0", "http://h:x", "http://a b", "ftp://h", "http://[::1"],
)
def test_an_invalid_endpoint_is_refused(command: Command, set_up: Any, address: str) -> None:
    set_up({**KEYS, "AWS_ENDPOINT_URL": address}, service="")

    run = command("parked")

    assert (run.status, run.out) == (1, "")
    assert run.err == "error: AWS_ENDPOINT_URL is not an address: set it to one such as http://127.0.0.1:4566\n"


@pytest.mark.parametrize("stage", ["../x", "ü", "x" * 65])
def test_an_invalid_name_of_a_stage_is_refused(command: Command, monkeypatch: pytest.MonkeyPatch, stage: str) -> None:
    monkeypatch.setenv("STAGE", stage)

    run = command("parked")

    assert (run.status, run.out) == (2, "")
    assert run.err.startswith("error: invalid value for '--stage' (env var: 'STAGE'): unknown stage ")
    assert f"; the stages are {STAGES_IN_WORDS}. See " in run.err


NO_SENTENCE = {
    # These errors come from faults in our code, or from parts of AWS that no command uses.
    *("ParamValidationError", "ValidationError", "RangeError", "UnknownKeyError", "UnknownParameterError"),
    *("AliasConflictParameterError", "MissingParametersError", "OperationNotPageableError"),
}


def test_no_message_of_botocore_about_a_call_is_repeated() -> None:
    """The message may quote a parameter of the call."""
    for name in NO_SENTENCE:
        kind = getattr(exceptions, name)
        fields = {field: CARD for field in ("value", "param", "report", "type_name", "name", "operation", "choices")}
        fields |= {field: CARD for field in ("min_value", "max_value", "original", "alias", "object_name", "missing")}
        error: BotoCoreError = kind(**fields, operation_name=CARD)

        assert CARD not in sentence(error)
