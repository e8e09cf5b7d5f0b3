"""The demo users of the laptop cloud: a person and an operator. See decision D119."""

import contextlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from common.caller import OPERATORS
from local import homes
from local.engine import Engine
from local.errors import DamagedError

PERSON, OPERATOR = "person", "operator"
EMAILS = {PERSON: "ada@example.com", OPERATOR: "olga@example.com"}
PHONES = {PERSON: "+15555550100", OPERATOR: "+15555550101"}

USERS = "users.json"

PUBLISHED = "demo-users.json"
"""The file of the page with the demo users. `demo_users` of the stage names it."""


@dataclass(frozen=True, kw_only=True)
class User:
    role: str
    email: str
    password: str


def of(home: Path) -> dict[str, User]:
    """Returns the demo users of the cloud in `home`, by role. The first call makes up their passwords."""
    file = home / USERS
    try:
        passwords = json.loads(file.read_text())
        return {role: User(role=role, email=email, password=_text(passwords[role])) for role, email in EMAILS.items()}
    except FileNotFoundError:
        # The first four characters satisfy the pool's rules. A letter comes first, because programs would take a
        # password that begins with a dash for an option.
        homes.write(file, json.dumps({role: f"aA1-{secrets.token_urlsafe(9)}" for role in EMAILS}))
        return of(home)
    except (ValueError, KeyError, TypeError):
        raise DamagedError(file, "Then `laptop up` gives the demo users new passwords") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def create(engine: Engine, pool: str, users: Mapping[str, User]) -> None:
    """Creates the users, with verified addresses. Existing users get the passwords in `users`."""
    cognito = engine.client("cognito-idp")
    for role, user in users.items():
        add(cognito, pool, user, phone=PHONES[role])
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=EMAILS[OPERATOR], GroupName=OPERATORS)


def publish(engine: Engine, site: str, users: Mapping[str, User]) -> None:
    """Writes the users and their passwords into the page's bucket, so that the sign-in offers them. See decision D188.

    A deployment removes the file, because it is not among the page's files.
    """
    found = [{"role": user.role, "email": user.email, "password": user.password} for user in users.values()]
    engine.client("s3").put_object(
        Bucket=site,
        Key=PUBLISHED,
        Body=json.dumps(found),
        ContentType="application/json",
        CacheControl="no-store",
    )


def add(cognito: Any, pool: str, user: User, *, phone: str) -> None:
    """Creates one user with a verified address and number. An existing user gets this password."""
    attributes = {"email": user.email, "phone_number": phone}
    verified = {f"{name}_verified": "true" for name in attributes}
    with contextlib.suppress(cognito.exceptions.UsernameExistsException):
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=user.email,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": name, "Value": value} for name, value in (attributes | verified).items()],
        )
    cognito.admin_set_user_password(UserPoolId=pool, Username=user.email, Password=user.password, Permanent=True)


def sign_in(cognito: Any, client: str, user: User) -> str:
    """Returns the user's ID token, which is valid for an hour."""
    answer = cognito.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user.email, "PASSWORD": user.password},
    )
    return str(answer["AuthenticationResult"]["IdToken"])
