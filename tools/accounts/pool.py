"""Signs in to a stage's user pool. No AWS credentials are needed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from terminal.errors import CommandError
from terminal.text import printable
from tools.errors import sentence

Ask = Callable[[str], str]
"""Takes a question, and returns the user's answer."""

OVER_ALREADY = ("NotAuthorizedException", "UnauthorizedException", "ResourceNotFoundException")
"""Errors of revoking a token that is not valid any more. The last one means that the user pool was deleted."""

WRONG = "the e-mail address or the password is wrong, or the account is disabled"
REFUSALS = {
    "NotAuthorizedException": WRONG,
    "UserNotFoundException": WRONG,
    "UserNotConfirmedException": "the address is not confirmed yet: on the page, enter the code that you got by e-mail",
    "PasswordResetRequiredException": "the password has to be reset: choose a new one on the page",
    "CodeMismatchException": "the code is wrong: sign in again",
    "ExpiredCodeException": "the code has expired: sign in again",
    "InvalidPasswordException": "the new password is too weak: use 12 characters or more, with upper and lower case, "
    "digits and symbols",
    "ResourceNotFoundException": "the user pool was deleted: deploy this stage again",
}
TRY_LATER = {
    "InternalErrorException",
    "LimitExceededException",
    "TooManyFailedAttemptsException",
    "TooManyRequestsException",
}


class NotNowError(CommandError):
    """The user pool does not answer, or answers that there were too many requests."""


@dataclass(frozen=True, kw_only=True)
class Tokens:
    id: str = field(repr=False)
    lasts_seconds: int
    refresh: str | None = field(repr=False)
    """None if the previous refresh token stays valid."""


class UserPool:
    """The user pool to which `client_id` belongs. Every call raises CommandError if it is refused."""

    def __init__(self, client_id: str, cognito: Any) -> None:
        self._client_id = client_id
        self._cognito = cognito

    def sign_in(self, email: str, password: str, ask: Ask) -> Tokens:
        """Signs in. Asks the user for a code or a new password if the pool requires it."""
        answer = self._call(
            "initiate_auth",
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": password},
        )
        while challenge := answer.get("ChallengeName"):
            # From here on the pool expects its own name for the user, which may differ from the address.
            known_as = answer.get("ChallengeParameters", {}).get("USER_ID_FOR_SRP") or email
            answer = self._call(
                "respond_to_auth_challenge",
                ChallengeName=challenge,
                ChallengeResponses={"USERNAME": known_as, **_response(challenge, ask)},
                Session=answer["Session"],
            )
        return _tokens(answer)

    def renew(self, refresh: str) -> Tokens | None:
        """New tokens; None if the refresh token is not valid any more."""
        parameters = {"REFRESH_TOKEN": refresh}
        try:
            return _tokens(self._ask("initiate_auth", AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=parameters))
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NotAuthorizedException", "UserNotFoundException"):
                return None
            raise _refused(error) from None

    def revoke(self, refresh: str) -> None:
        """Revokes `refresh` and its access tokens. Its ID tokens stay valid until they expire, at most an hour."""
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
            password = ask("New password, to replace the temporary one")
            if ask("New password again") != password:
                raise CommandError("the two new passwords differ: sign in again")
            return {"NEW_PASSWORD": password}
        case _:
            raise CommandError(
                f"the user pool asks for {printable(challenge)}, which the commands do not support: sign in on the page"
            )


def _tokens(answer: Any) -> Tokens:
    result = answer["AuthenticationResult"]
    return Tokens(id=result["IdToken"], lasts_seconds=result["ExpiresIn"], refresh=result.get("RefreshToken"))


def _refused(error: ClientError) -> CommandError:
    code, message = error.response["Error"]["Code"], error.response["Error"].get("Message", "")
    if code in TRY_LATER or "attempts exceeded" in message:
        return NotNowError("too many attempts, or the user pool is busy: try again in up to 15 minutes")
    if code == "NotAuthorizedException" and error.operation_name == "RespondToAuthChallenge":
        return CommandError("signing in took too long: sign in again")
    return CommandError(f"cannot sign in: {REFUSALS.get(code) or sentence(error)}")
