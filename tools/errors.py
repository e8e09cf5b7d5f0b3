"""Turns an error of AWS or of its settings into one sentence for the user of a command."""

import os
import re
from collections.abc import Callable
from json import JSONDecodeError
from typing import Any

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from terminal.errors import CommandError
from terminal.text import printable

CREDENTIALS_REFUSED = {
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
CLOCK_IS_OFF = {"RequestExpired", "RequestTimeTooSkewed"}
OLD_SIGNATURE = "^Signature (expired|not yet current)"
"""The message of AWS if this machine's clock is off by more than five minutes.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html"""

NOT_PERMITTED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}

WRONG_SETTINGS = (
    exceptions.InvalidChecksumConfigError,
    exceptions.InvalidConfigError,
    exceptions.InvalidDefaultsMode,
    exceptions.InvalidEndpointConfigurationError,
    exceptions.InvalidEndpointDiscoveryConfigurationError,
    exceptions.InvalidIMDSEndpointError,
    exceptions.InvalidIMDSEndpointModeError,
    exceptions.InvalidProxiesConfigError,
    exceptions.InvalidRetryConfigurationError,
    exceptions.InvalidSTSRegionalEndpointsConfigError,
)
"""Errors whose messages quote only a setting, never a parameter of the call. So they can be printed."""

LONGEST = 300


LAPTOP = "for the laptop cloud use --stage local, or set STAGE=local"
UNREACHABLE = "no answer from AWS, or from the address in AWS_ENDPOINT_URL"


def sentence(error: BotoCoreError | ClientError) -> str:
    """A sentence about `error`. It never quotes parameters of the call, as botocore's own messages may do."""
    match error:
        case ClientError():
            return _refused(error)
        case exceptions.NoRegionError():
            return f"no AWS region is set: set AWS_REGION, or AWS_PROFILE to a profile with a region; {LAPTOP}"
        case exceptions.NoCredentialsError():
            return f"no AWS credentials were found: set them as for the AWS CLI; {LAPTOP}"
        case exceptions.PartialCredentialsError():
            return f"the AWS credentials are incomplete: set {error.kwargs['cred_var']} too"
        case exceptions.ProfileNotFound():
            profile = printable(error.kwargs["profile"])
            return f"there is no AWS profile {profile}: set AWS_PROFILE to a name from `aws configure list-profiles`"
        case exceptions.SSOError() | exceptions.TokenRetrievalError():
            return f"you are not signed in to AWS, or your session has expired: run `aws sso login{_profile()}`"
        case exceptions.LoginError():
            return f"you are not signed in to AWS, or your session has expired: run `aws login{_profile()}`"
        case exceptions.MissingDependencyException():
            return "this AWS profile signs in with `aws login`, which these commands cannot use: choose another profile"
        case exceptions.CredentialRetrievalError():
            provider = printable(error.kwargs["provider"])
            return (
                f"the AWS credentials could not be fetched ({provider}): `aws sts get-caller-identity` may show the "
                "cause"
            )
        case exceptions.RefreshWithMFAUnsupportedError():
            return "the AWS session has expired, and a new one needs a code: run the command again"
        case exceptions.ConfigParseError() | exceptions.ConfigNotFound():
            return f"the AWS settings in {printable(error.kwargs['path'])} cannot be read: repair that file"
        case exceptions.InvalidRegionError():
            return f"{printable(error.kwargs['region_name'])!r} is not an AWS region: set AWS_REGION to a valid one"
        case error if isinstance(error, WRONG_SETTINGS):
            return f"an AWS setting is wrong: {_one_line(error)}"
        case exceptions.ProxyConnectionError():
            return (
                "no answer from the proxy in HTTPS_PROXY or HTTP_PROXY: start the proxy, or correct or unset the "
                "setting"
            )
        case exceptions.SSLError():
            return (
                "TLS failed, because this machine does not trust the certificate of AWS or of a proxy: name the "
                "certificate in AWS_CA_BUNDLE. If AWS_ENDPOINT_URL is set, it may have to begin with http://"
            )
        case exceptions.HTTPClientError() | exceptions.ConnectionError():
            return f"{UNREACHABLE}: check the network, the region and the proxy"
        case _:
            return "the AWS settings or the call are wrong: check AWS_PROFILE, AWS_REGION and the files in ~/.aws"


def read_settings(session: Any, make_client: Callable[[], object]) -> None:
    """Lets botocore read all AWS settings, credentials included, before a command sends anything.

    Raises CommandError or a BotoCoreError for a wrong setting. botocore itself may raise many kinds of error.
    """
    try:
        make_client()
        if credentials := session.get_credentials():
            credentials.get_frozen_credentials()
    except BotoCoreError:
        raise
    except EOFError:
        raise CommandError("this AWS profile asks for a code, which needs a terminal: use another profile") from None
    except OSError as error:
        raise CommandError(f"an AWS setting is wrong: {_one_line(f'{error.filename}: {error.strerror}')}") from None
    except (JSONDecodeError, AttributeError, LookupError, TypeError):
        raise CommandError("the AWS profile or its credential_process returns no credentials: repair it") from None
    except ValueError as error:
        raise CommandError(f"an AWS setting is wrong: {_one_line(error)}") from None


def _one_line(error: object) -> str:
    text = re.sub("^invalid literal for int.*: (.*)$", r"\1 is not a number", str(error).partition("\n")[0])
    return printable(text.strip().rstrip("."))[:LONGEST]


def _profile() -> str:
    return f" --profile {printable(profile)}" if (profile := os.environ.get("AWS_PROFILE")) else ""


def _refused(error: ClientError) -> str:
    code = str(error.response["Error"]["Code"])
    if code in CLOCK_IS_OFF or re.search(OLD_SIGNATURE, error.response["Error"].get("Message", "")):
        return f"the clock of this machine is wrong by more than five minutes ({code}): set the clock"
    if code in CREDENTIALS_REFUSED:
        return f"AWS refuses these credentials ({code}): sign in to AWS again, or set other credentials"
    if code in NOT_PERMITTED:
        return (
            f"these credentials are not authorised to call {error.operation_name} ({code}): extend their policy, or "
            "use other credentials"
        )
    return f"{error.operation_name} was refused ({code})"
