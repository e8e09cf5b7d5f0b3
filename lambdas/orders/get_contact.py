"""`GET /orders/{OrderId}/contact`."""

import os
import re

import boto3

from common import http
from common.aws import BRIEFLY
from common.caller import operator_of
from orders import rules, table

_SUB = re.compile("[0-9A-Za-z-]{1,128}")
"""A `sub` that Cognito gave out. It has no `@`, so it cannot be an address, by which Cognito would find a user, too."""

_cognito = boto3.client("cognito-idp", config=BRIEFLY)


@http.api
def handler(event: http.Event) -> http.Reply:
    """Answers operators with the e-mail address of an order's owner, so that they can ask about the order.

    - 200: the owner's verified address. It is in no log.
    - 404: the order is unknown, or nobody can be asked about it
    """
    operator_of(event)
    order_id = event["pathParameters"]["OrderId"]
    row = table.find(order_id) if rules.is_order_id(order_id) else None
    if row is None:
        raise http.RequestError(404, "NotFound", "There is no such order.")
    email = _email_of(row.get("Owner", ""))
    if email is None:
        raise http.RequestError(
            404,
            "NotFound",
            "Nobody can be asked about this order. Somebody started it by hand, or its owner has no account any more.",
        )
    return http.reply(200, {"Email": email})


def _email_of(owner: str) -> str | None:
    """The address of the user with this `sub`, or None if there is no such user or the address is not verified."""
    if not _SUB.fullmatch(owner):
        return None
    # People sign in with their address, so Cognito made the user names. It finds local users by their `sub` as well.
    # https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminGetUser.html
    try:
        user = _cognito.admin_get_user(UserPoolId=os.environ["USER_POOL"], Username=owner)
    except _cognito.exceptions.UserNotFoundException:
        return None
    attributes = {one["Name"]: one["Value"] for one in user["UserAttributes"]}
    return attributes.get("email") if attributes.get("email_verified") == "true" else None
