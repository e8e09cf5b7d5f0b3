"""What can go wrong, in one sentence for whoever typed the command."""

import os
import re
from collections.abc import Callable
from json import JSONDecodeError
from typing import Any

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

from terminal.errors import CommandError
from tools.text import printable

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
"""What Signature Version 4 is refused with if the clock is off by more than five minutes.
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
"""Their messages quote a setting, and nothing of the call."""

LONGEST = 300


LAPTOP = "for the laptop cloud say --stage local, or set STAGE=local"
UNREACHABLE = "no answer from AWS, or from where AWS_ENDPOINT_URL says it is"


def sentence(error: BotoCoreError | ClientError) -> str:
    """`error` without the parameters of the call, which botocore's own messages can quote."""
    match error:
        case ClientError():
            return _refused(error)
        case exceptions.NoRegionError():
            return f"no AWS region is set: set AWS_REGION, or a profile that has one; {LAPTOP}"
        case exceptions.NoCredentialsError():
            return f"no AWS credentials were found: set them as for any AWS tool; {LAPTOP}"
        case exceptions.PartialCredentialsError():
            return f"half of the AWS credentials are missing: set {error.kwargs['cred_var']} too"
        case exceptions.ProfileNotFound():
            profile = printable(error.kwargs["profile"])
            return f"there is no AWS profile {profile}: set AWS_PROFILE to one that `aws configure list-profiles` shows"
        case exceptions.SSOError() | exceptions.TokenRetrievalError():
            return f"you are not signed in to AWS, or no longer: run `aws sso login{_profile()}`"
        case exceptions.LoginError():
            return f"you are not signed in to AWS, or no longer: run `aws login{_profile()}`"
        case exceptions.MissingDependencyException():
            return "this AWS profile signs in with `aws login`, which these commands cannot use: choose another profile"
        case exceptions.CredentialRetrievalError():
            provider = printable(error.kwargs["provider"])
            return f"the AWS credentials could not be fetched ({provider}): try `aws sts get-caller-identity`"
        case exceptions.RefreshWithMFAUnsupportedError():
            return "the AWS session is over, and a new one needs a code: run the command again"
        case exceptions.ConfigParseError() | exceptions.ConfigNotFound():
            return f"the AWS settings in {printable(error.kwargs['path'])} cannot be read: repair that file"
        case exceptions.InvalidRegionError():
            return f"{printable(error.kwargs['region_name'])!r} is not a region of AWS: set AWS_REGION to one"
        case error if isinstance(error, WRONG_SETTINGS):
            return f"an AWS setting is wrong: {_one_line(error)}"
        case exceptions.ProxyConnectionError():
            return "no answer from the proxy that HTTPS_PROXY or HTTP_PROXY names: start it, correct it or unset it"
        case exceptions.SSLError():
            return (
                "TLS failed: this machine does not trust the certificate of AWS or of a proxy, which AWS_CA_BUNDLE can "
                "name. If AWS_ENDPOINT_URL is set, it may have to begin with http://"
            )
        case exceptions.HTTPClientError() | exceptions.ConnectionError():
            return f"{UNREACHABLE}: check the network, the region and the proxy"
        case _:
            return "the AWS settings or the call are wrong: check AWS_PROFILE, AWS_REGION and the files of AWS's tools"


def read_settings(session: Any, make_client: Callable[[], object]) -> None:
    """Has botocore read the settings of AWS, the credentials included, before it sends anything.

    For a wrong setting botocore may raise any error. Raises CommandError, or a BotoCoreError.
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
        raise CommandError("the AWS profile, or its credential_process, gives no credentials: repair it") from None
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
        return f"the clock of this machine is too far from the one of AWS ({code}): set it"
    if code in CREDENTIALS_REFUSED:
        return f"AWS does not take these credentials ({code}): sign in to AWS again, or set other ones"
    if code in NOT_PERMITTED:
        return (
            f"these credentials may not call {error.operation_name} here ({code}): extend their policy, or use others"
        )
    return f"{error.operation_name} was refused ({code})"
