"""`CheckSignUp`: the user pool asks it before somebody signs up.

https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-sign-up.html
"""

from typing import Any


class PhoneAtSignUpError(ValueError):
    """Whoever signs up names a phone number: the pool would text it, whoever's it is, as often as they like."""


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """The event as it came, which lets the sign-up go on. Raises PhoneAtSignUpError.

    A number is added by who has signed in. Somebody with AWS credentials may make users with one.
    """
    if event["triggerSource"] == "PreSignUp_SignUp" and "phone_number" in event["request"]["userAttributes"]:
        raise PhoneAtSignUpError("Add the phone number after you have signed in.")
    return event
