"""Signs in from the command line, at the laptop cloud's user pool."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

from local.cloud import Cloud
from local.engine import CREDENTIALS
from local.settings import PROJECT, REGION
from tests.support.cloud.apps import Apps
from tests.support.commands import completed
from tools.sign_in.__main__ import main

Run = Callable[..., "CompletedProcess[str]"]


@pytest.fixture
def sign_in(cloud: Cloud, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Returns a function that signs in as on AWS, without the demo users' passwords. Keywords become settings."""
    aws = {
        "AWS_ENDPOINT_URL": cloud.settings.endpoint,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": CREDENTIALS.access_key,
        "AWS_SECRET_ACCESS_KEY": CREDENTIALS.secret_key,
        "XDG_CACHE_HOME": str(tmp_path),
    }
    return lambda *arguments, **more: completed(capsys, main, ["--stage", "local", *arguments], **aws, **more)


def orders(apps: Apps, token: str) -> Any:
    """The status of the orders API for an unknown order: 404 if the token is valid."""
    request = AWSRequest("GET", f"{apps.places.orders_api}/orders/no-such-order", headers={"Authorization": token})
    return URLLib3Session().send(request.prepare()).status_code


def test_other_programs_can_use_a_printed_token(apps: Apps) -> None:
    command = [sys.executable, "-m", "tools.sign_in", "--stage", "local", "--home", str(apps.cloud.settings.home)]

    run = subprocess.run([*command, "--print-token"], cwd=PROJECT, capture_output=True, text=True)

    assert (run.returncode, run.stderr) == (0, "")
    token = run.stdout.removesuffix("\n")
    assert (orders(apps, token), orders(apps, f"{token[:-4]}AAAA"), orders(apps, "")) == (404, 401, 401)


@pytest.mark.parametrize(("role", "operator"), [("person", "no"), ("operator", "yes")])
def test_the_demo_users_need_no_password(
    apps: Apps, capsys: pytest.CaptureFixture[str], role: str, operator: str
) -> None:
    email = apps.cloud.users()[role].email
    place = ["--stage", "local", "--home", str(apps.cloud.settings.home)]

    run = completed(capsys, main, [*place, "--user", email])

    assert (run.returncode, run.stdout) == (0, f"signed in  {email}\noperator   {operator}\n")


def test_a_sign_in_is_kept_until_signing_out(cloud: Cloud, sign_in: Run, tmp_path: Path) -> None:
    user = cloud.users()["person"]

    signed_in = sign_in("--user", user.email, SIGN_IN_PASSWORD=user.password)
    again = sign_in()
    [file] = (tmp_path / "orders-and-reminders" / "sign-in").iterdir()
    kept = file.read_text()
    out = sign_in("--out")
    file.write_text(kept)
    revoked = sign_in(SIGN_IN_PASSWORD="Wrong-password-1")

    assert signed_in.stdout == again.stdout == f"signed in  {user.email}\noperator   no\n"
    assert (out.returncode, out.stdout) == (0, f"signed out  {user.email}\n")
    assert (revoked.returncode, revoked.stdout) == (1, "")
    assert "the e-mail address or the password is wrong" in revoked.stderr
    assert not file.exists()


def test_the_environment_is_not_changed(sign_in: Run) -> None:
    before = dict(os.environ)

    sign_in("--out")

    assert dict(os.environ) == before
