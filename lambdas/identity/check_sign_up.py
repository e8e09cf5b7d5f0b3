"""`CheckSignUp`: the user pool calls it before it creates a user.

https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-lambda-pre-sign-up.html
"""

from typing import Any


class PhoneAtSignUpError(ValueError):
    """A sign-up with a phone number. Cognito would text codes to it again and again, even if another person owns it.

    See decision D069.
    """


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    """Returns the event unchanged, which allows the sign-up. Raises PhoneAtSignUpError if it has a phone number.

    A user can add a number after signing in. An administrator with AWS credentials can create users with a number.
    """
    if event["triggerSource"] == "PreSignUp_SignUp" and "phone_number" in event["request"]["userAttributes"]:
        raise PhoneAtSignUpError("Add the phone number after you have signed in.")
    return event
