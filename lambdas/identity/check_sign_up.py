"""`CheckSignUp`: the user pool calls it before it creates a user.

https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-sign-up.html
"""

from typing import Any

from common.cards import looks_like_card


class PhoneAtSignUpError(ValueError):
    """A sign-up with a phone number. Cognito would text codes to it again and again, even if another person owns it.

    See decision D069.
    """


class CardAtSignUpError(ValueError):
    """A sign-up with a card number in an e-mail address. The user pool would keep it."""


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Returns the event unchanged, which allows the sign-up.

    Raises PhoneAtSignUpError if it has a phone number, and CardAtSignUpError if its address has a card number. A user
    can add a number after signing in. An administrator with AWS credentials can create users with a number.
    """
    if event["triggerSource"] == "PreSignUp_SignUp":
        attributes = event["request"]["userAttributes"]
        if "phone_number" in attributes:
            raise PhoneAtSignUpError("Add the phone number after you have signed in.")
        # As in the address of a reminder.
        if looks_like_card(attributes.get("email", ""), odd_groups=False):
            raise CardAtSignUpError("The e-mail address looks like a card number.")
    return event
