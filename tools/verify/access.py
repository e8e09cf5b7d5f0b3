"""The checks of sign-in, roles and refusals."""

import json

from botocore.exceptions import ClientError

from stacks.names import ACCOUNT, ORDERS, REMINDERS
from terminal.errors import CommandError
from tools.verify import cleaning
from tools.verify.findings import FailedError, brief, require
from tools.verify.run import Run
from tools.verify.users import DOMAIN, LOCAL_PART, letters

GUARDED = ((ORDERS, "/orders"), (REMINDERS, "/reminders"), (ACCOUNT, "/account"))
"""A path of each API."""

TOO_LONG = 30_000
"""In bytes: more than the APIs' `MAX_BODY_BYTES`."""


def sign_in(run: Run) -> str:
    user = run.person.user
    tokens = user.sign_in()
    try:
        user.sign_in(password=f"{user.password}!")
    except CommandError:
        pass
    else:
        raise FailedError("the user pool accepted a wrong password")
    require(tokens.refresh and user.pool.renew(tokens.refresh), "the refresh token gave no new tokens")
    user.pool.revoke(str(tokens.refresh))
    require(not user.pool.renew(str(tokens.refresh)), "a revoked refresh token still gives tokens")
    return "password, refresh and revocation work; a wrong password is refused"


def sign_up_with_number(run: Run) -> str:
    """The pool refuses this sign-up before it sends a mail."""
    email = f"{LOCAL_PART}{letters()}@{DOMAIN}"
    attributes = [{"Name": "email", "Value": email}, {"Name": "phone_number", "Value": "+15555550199"}]
    try:
        run.users.cognito.sign_up(
            ClientId=run.users.client_id, Username=email, Password=f"aA1-{letters(20)}", UserAttributes=attributes
        )
    except ClientError as error:
        code = str(error.response["Error"]["Code"])
        require(code == "UserLambdaValidationException", f"it was refused with {brief(code)}, not by CheckSignUp")
        return "refused by CheckSignUp"
    run.users.delete(email)
    raise FailedError("the user pool accepted a sign-up with a phone number")


def without_token(run: Run) -> str:
    for token in ("", "invalid"):
        for stack, path in GUARDED:
            headers = {"Authorization": token} if token else {}
            run.send(stack, "GET", path, None, headers).require(401, "NotSignedIn")
    return "401 from each API, without a token and with an invalid one"


def access_token(run: Run) -> str:
    """Only ID tokens say who the caller is."""
    user = run.person.user
    answer = run.users.cognito.initiate_auth(
        ClientId=run.users.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user.email, "PASSWORD": user.password},
    )
    token = answer["AuthenticationResult"]["AccessToken"]
    for stack, path in GUARDED:
        run.send(stack, "GET", path, None, {"Authorization": token}).require(401, "NotSignedIn")
    return "401 from each API"


def operators_only(run: Run) -> str:
    calls = (("GET", "/parked"), ("GET", "/dead-letters"), ("GET", "/orders?status=ESCALATED"))
    for method, path in calls:
        run.person.orders(method, path).require(403, "Forbidden")
        run.operator.orders(method, path).require(200)
    return "three calls: 403 for a person, 200 for an operator"


def invalid_input(run: Run) -> str:
    order = run.order()
    refused = run.person.orders("POST", "/orders", order | {"Name": 7}).require(400, "InvalidRequest").body["error"]
    fields = [detail["field"] for detail in refused["details"]]
    require(fields == ["Name"], f"the details name {brief(fields)}, not Name")
    run.person.orders("POST", "/orders", "{").require(400, "InvalidJson")
    run.person.reminders("POST", "/reminders", {"message": "x"}).require(400, "InvalidRequest")
    run.person.orders("GET", f"/orders/{order['OrderId']}").require(404, "NotFound")
    run.person.orders("GET", "/nothing").require(404, "NotFound")
    run.person.orders("POST", "/orders", json.dumps(order).ljust(TOO_LONG)).require(413, "TooLarge")
    run.person.orders("POST", "/orders", order, Content_Type="text/plain").require(415, "UnsupportedMediaType")
    return "400, 404, 413 and 415, and the refused order does not exist"


def card_in_text(run: Run) -> str:
    order = run.order()
    reply = run.person.orders("POST", "/orders", order | {"Name": order["CC"]}).require(400, "InvalidRequest")
    require(order["CC"] not in reply.text, "the refusal repeats the card number")
    return "400, and the refusal does not repeat the number"


def own_data(run: Run) -> str:
    person = run.person
    found = person.account("GET").require(200).body
    require(found["account"]["id"] == person.user.id, "the copy is about another account")
    stranger = run.as_user(run.stranger).account("GET").require(200).body
    require(person.user.email not in json.dumps(stranger), "another person's copy has this person's address")
    return "each person gets a copy of their own data"


def deleted_account(run: Run) -> str:
    leaver = run.as_user(run.users.new())
    leaver.orders("POST", "/orders", run.order()).require(202)

    run.until(lambda: cleaning.deletion(run, leaver.user), bool, what="the deletion")
    require(not run.users.exists(leaver.user), "the user still exists after the deletion")
    return "its orders and its user are gone"
