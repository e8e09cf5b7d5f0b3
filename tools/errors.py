"""What can go wrong, in one sentence for whoever typed the command."""

from botocore import exceptions
from botocore.exceptions import BotoCoreError, ClientError

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
NOT_PERMITTED = {"AccessDenied", "AccessDeniedException"}


class CommandError(Exception):
    """Shown without a traceback; the command ends with exit status 1."""


def sentence(error: BotoCoreError | ClientError) -> str:
    """`error` without the parameters of the call, which botocore's own messages can quote."""
    match error:
        case ClientError():
            return _refused(error)
        case exceptions.NoRegionError():
            return "no AWS region is set: set AWS_REGION, or a profile that has one"
        case exceptions.NoCredentialsError() | exceptions.PartialCredentialsError():
            return "no AWS credentials were found, or half of them: set them as for any AWS tool"
        case exceptions.ProfileNotFound() | exceptions.TokenRetrievalError() | exceptions.SSOError():
            return str(error)
        case exceptions.HTTPClientError() | exceptions.EndpointConnectionError():
            return f"no answer from AWS, or from where AWS_ENDPOINT_URL says it is ({type(error).__name__})"
        case _:
            return f"the AWS settings or the call are wrong ({type(error).__name__})"


def _refused(error: ClientError) -> str:
    code = str(error.response["Error"]["Code"])
    if code in CREDENTIALS_REFUSED:
        return f"AWS does not take these credentials ({code})"
    if code in NOT_PERMITTED:
        return f"these credentials may not call {error.operation_name} here ({code})"
    return f"{error.operation_name} was refused ({code})"
