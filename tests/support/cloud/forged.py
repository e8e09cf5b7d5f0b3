"""Tokens that the APIs must refuse: forged, expired, or meant for something else."""

import base64
import json
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from common.caller import OPERATORS
from local import users
from local.engine import send
from tests.support.cloud.apps import Apps
from tests.support.waiting import eventually


def encoded(part: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def parts_of(token: str) -> list[Any]:
    """The header and the claims of a token."""
    return [json.loads(base64.urlsafe_b64decode(part + "==")) for part in token.split(".")[:2]]


def unsigned(apps: Apps) -> str:
    _, claims = parts_of(apps.token)
    return f"{encoded({'alg': 'none'})}.{encoded(claims)}."


def signed_by_another(apps: Apps) -> str:
    """An operator's token with the pool's key id, but signed with another key."""
    text = ".".join(map(encoded, parts_of(apps.token)))
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


def with_other_claims(apps: Apps) -> str:
    """A person's token with the group `operators` added and the signature unchanged."""
    person = apps.as_person()
    header, claims = parts_of(person.token)
    return f"{encoded(header)}.{encoded(claims | {'cognito:groups': ['operators']})}.{person.token.split('.')[2]}"


def access_token(apps: Apps) -> str:
    return tokens(apps, apps.places.web_client)["AccessToken"]


def refresh_token(apps: Apps) -> str:
    return tokens(apps, apps.places.web_client)["RefreshToken"]


def expired(apps: Apps) -> str:
    """An expired token of the same pool, from a client whose tokens last for a second."""
    cognito = apps.cloud.engine.client("cognito-idp")
    client = cognito.create_user_pool_client(
        UserPoolId=apps.places.user_pool,
        ClientName="hasty",
        IdTokenValidity=1,
        TokenValidityUnits={"IdToken": "seconds"},
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"],
    )["UserPoolClient"]["ClientId"]
    token = tokens(apps, client)["IdToken"]
    address = f"{apps.places.orders_api}/orders"
    eventually(lambda: send("GET", address, token=token).status_code, until=lambda status: status == 401)
    return token


def of_another_pool(apps: Apps) -> str:
    """A token of the attacker's own pool, in which they are an operator."""
    cognito = apps.cloud.engine.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="elsewhere")["UserPool"]["Id"]
    cognito.create_group(UserPoolId=pool, GroupName=OPERATORS)
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client = cognito.create_user_pool_client(UserPoolId=pool, ClientName="elsewhere", ExplicitAuthFlows=flows)
    users.add(cognito, pool, apps.user, phone="+15555550199")
    cognito.admin_add_user_to_group(UserPoolId=pool, Username=apps.user.email, GroupName=OPERATORS)
    return tokens(apps, client["UserPoolClient"]["ClientId"])["IdToken"]


def tokens(apps: Apps, client: str) -> dict[str, str]:
    answer: dict[str, str] = apps.cloud.engine.client("cognito-idp").initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": apps.user.email, "PASSWORD": apps.user.password},
    )["AuthenticationResult"]
    return answer


FORGERIES: dict[str, Callable[[Apps], str]] = {
    "no token": lambda apps: "",
    "garbage": lambda apps: "Bearer let-me-in",
    "an unsigned token": unsigned,
    "a token signed with another key": signed_by_another,
    "a person's token with an operator's claims": with_other_claims,
    "an access token": access_token,
    "a refresh token": refresh_token,
    "an expired token": expired,
    "a token of another pool": of_another_pool,
}
