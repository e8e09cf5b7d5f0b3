"""A stage's user pool, as people meet it who sign in. It is asked without AWS credentials."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from terminal.errors import CommandError
from tools.errors import sentence
from tools.text import printable

Ask = Callable[[str], str]
"""From a question to what a person answers."""

OVER_ALREADY = ("NotAuthorizedException", "UnauthorizedException", "ResourceNotFoundException")
"""What revoking a token is refused with that is worth nothing any more; the last where its pool is gone."""

WRONG = "the e-mail address or the password is wrong, or the account is disabled"
REFUSALS = {
    "NotAuthorizedException": WRONG,
    "UserNotFoundException": WRONG,
    "UserNotConfirmedException": "the address is not confirmed yet: enter the code that was mailed to it, on the page",
    "PasswordResetRequiredException": "the password has to be reset: ask for a new one on the page",
    "CodeMismatchException": "the code is wrong",
    "ExpiredCodeException": "the code is not valid any more: sign in again",
    "InvalidPasswordException": "the new password needs 12 characters or more, of upper and lower case, digits and "
    "symbols",
    "ResourceNotFoundException": "the user pool is gone: deploy this version of the stack first",
}
TRY_LATER = {
    "InternalErrorException",
    "LimitExceededException",
    "TooManyFailedAttemptsException",
    "TooManyRequestsException",
}


class NotNowError(CommandError):
    """The user pool cannot be reached, or wants to be asked later."""


@dataclass(frozen=True, kw_only=True)
class Tokens:
    id: str = field(repr=False)
    lasts_seconds: int
    refresh: str | None = field(repr=False)
    """None where the one before goes on."""


class UserPool:
    """The pool behind `client_id`. Every call raises CommandError where it is refused, with what to do."""

    def __init__(self, client_id: str, cognito: Any) -> None:
        self._client_id = client_id
        self._cognito = cognito

    def sign_in(self, email: str, password: str, ask: Ask) -> Tokens:
        """Asks for a code or for a new password, where the pool wants one."""
        answer = self._call(
            "initiate_auth",
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": password},
        )
        while challenge := answer.get("ChallengeName"):
            # By this name the pool knows the person from now on, which need not be the address.
            known_as = answer.get("ChallengeParameters", {}).get("USER_ID_FOR_SRP") or email
            answer = self._call(
                "respond_to_auth_challenge",
                ChallengeName=challenge,
                ChallengeResponses={"USERNAME": known_as, **_response(challenge, ask)},
                Session=answer["Session"],
            )
        return _tokens(answer)

    def renew(self, refresh: str) -> Tokens | None:
        """None where the refresh token is over."""
        parameters = {"REFRESH_TOKEN": refresh}
        try:
            return _tokens(self._ask("initiate_auth", AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=parameters))
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NotAuthorizedException", "UserNotFoundException"):
                return None
            raise _refused(error) from None

    def revoke(self, refresh: str) -> None:
        """Ends `refresh` and the access tokens that came from it. ID tokens last as long as they say, an hour."""
        try:
            self._ask("revoke_token", Token=refresh)
        except ClientError as error:
            if error.response["Error"]["Code"] not in OVER_ALREADY:
                raise _refused(error) from None

    def _call(self, operation: str, **parameters: Any) -> Any:
        try:
            return self._ask(operation, **parameters)
        except ClientError as error:
            raise _refused(error) from None

    def _ask(self, operation: str, **parameters: Any) -> Any:
        try:
            return getattr(self._cognito, operation)(ClientId=self._client_id, **parameters)
        except BotoCoreError as error:
            raise NotNowError(f"cannot sign in: {sentence(error)}") from None


def _response(challenge: str, ask: Ask) -> dict[str, str]:
    match challenge:
        case "SOFTWARE_TOKEN_MFA":
            return {"SOFTWARE_TOKEN_MFA_CODE": ask("Code of your authenticator app").strip()}
        case "NEW_PASSWORD_REQUIRED":
            password = ask("New password, in place of the temporary one")
            if ask("New password once more") != password:
                raise CommandError("the two new passwords differ: sign in again")
            return {"NEW_PASSWORD": password}
        case _:
            raise CommandError(f"the user pool wants {printable(challenge)}, which no command can give")


def _tokens(answer: Any) -> Tokens:
    result = answer["AuthenticationResult"]
    return Tokens(id=result["IdToken"], lasts_seconds=result["ExpiresIn"], refresh=result.get("RefreshToken"))


def _refused(error: ClientError) -> CommandError:
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if code in TRY_LATER or "attempts exceeded" in message:
        return NotNowError("too many tries, or the user pool is busy: wait a little, at most a quarter of an hour")
    if code == "NotAuthorizedException" and error.operation_name == "RespondToAuthChallenge":
        return CommandError("that took too long: sign in again")
    return CommandError(f"cannot sign in: {REFUSALS.get(code) or sentence(error)}")
