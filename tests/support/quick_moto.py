"""Makes moto, the simulated AWS, answer in less time. Its answers stay the same.

moto looks for each attribute of a row under several spellings, and lists the methods of a class for each call.
Together that took a sixth of the time of the tests of functions. It never checks a signature, or who calls it, and
botocore took a tenth of the time for them.
"""

import functools
from typing import Any

from botocore.auth import SigV4Auth
from botocore.useragent import UserAgentString
from moto.core import responses
from moto.core.serialize import BaseJSONSerializer

TEXTS = ("S", "N")
"""The kinds of attributes that moto keeps as DynamoDB's JSON has them, such as {"S": "text"}."""


@functools.cache
def apply() -> None:
    responses.method_names_from_class = functools.cache(responses.method_names_from_class)
    BaseJSONSerializer._serialize_type_structure = as_it_is(BaseJSONSerializer._serialize_type_structure)
    SigV4Auth.add_auth = unsigned(SigV4Auth.add_auth)
    UserAgentString.rebuild_and_replace_user_agent_handler = lambda *_, **__: None


def unsigned(add_auth: Any) -> Any:
    """Returns `add_auth`, changed to write who makes the request and for which region and service, which moto reads.

    Classes for S3 and for signed addresses write more, which moto and our tests read. They sign as usual.
    """

    @functools.wraps(add_auth)
    def write(self: Any, request: Any) -> None:
        if self.credentials is None or type(self) is not SigV4Auth:
            add_auth(self, request)
            return
        scope = f"{self.credentials.access_key}/20260101/{self._region_name}/{self._service_name}/aws4_request"
        del request.headers["Authorization"]
        request.headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=none"

    return write


def as_it_is(serialize: Any) -> Any:
    """Returns `serialize`, changed to copy attributes of the kinds TEXTS."""

    @functools.wraps(serialize)
    def structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.name == "AttributeValue" and key and type(value) is dict and len(value) == 1:
            ((kind, text),) = value.items()
            if kind in TEXTS and type(text) is str:
                self._default_serialize(serialized, {kind: text}, shape, key)
                return
        serialize(self, serialized, value, shape, key)

    return structure
