"""Makes moto, the simulated AWS, answer in less time. Its answers stay the same.

moto looks for each attribute of a row under several spellings, and lists the methods of a class for each call.
Together that took a sixth of the time of the tests of functions. It never checks a signature, or who calls it, and
botocore took a tenth of the time for them. For each call moto also searched all its addresses, parsed the same
expressions and read JSON as a query.
"""

import copy
import functools
import pickle
import re
from typing import Any

from botocore.auth import SigV4Auth
from botocore.useragent import UserAgentString
from moto import backend_index, backends
from moto.core import DEFAULT_ACCOUNT_ID, responses
from moto.core.base_backend import BackendDict
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.exceptions import HTTPException
from moto.core.request import normalize_request
from moto.core.serialize import BaseJSONSerializer, XFormedAttributePicker
from moto.dynamodb.parsing import validators
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser, Node
from moto.dynamodb.parsing.expressions import UpdateExpressionParser

TEXTS = ("S", "N")
"""The kinds of attributes that moto keeps as DynamoDB's JSON has them, such as {"S": "text"}."""


@functools.cache
def apply() -> None:
    responses.method_names_from_class = functools.cache(responses.method_names_from_class)
    responses.camelcase_to_underscores = functools.cache(responses.camelcase_to_underscores)
    responses.parse_qsl = not_of_json(responses.parse_qsl)
    BotocoreStubber.process_request = routed(BotocoreStubber.process_request)
    BaseJSONSerializer._serialize_type_structure = one_kind(BaseJSONSerializer._serialize_type_structure)
    XFormedAttributePicker.get_possible_keys = remembered(XFormedAttributePicker.get_possible_keys)
    UpdateExpressionParser.make = functools.lru_cache(UpdateExpressionParser.make)
    validators.deepcopy = copied
    DepthFirstTraverser.traverse_node_recursively = traverse
    SigV4Auth.add_auth = unsigned(SigV4Auth.add_auth)
    UserAgentString.rebuild_and_replace_user_agent_handler = lambda *_, **__: None
    UserAgentString.to_string = lambda _: "tests"


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


def not_of_json(parse_qsl: Any) -> Any:
    """Returns `parse_qsl`, changed to read a JSON object as one long name. Nothing reads its parts."""

    @functools.wraps(parse_qsl)
    def parse(text: Any, **more: Any) -> Any:
        return [(text, "")] if text.startswith("{") else parse_qsl(text, **more)

    return parse


def routed(process_request: Any) -> Any:
    """Returns `process_request`, changed to search the code for an address only once."""

    @functools.wraps(process_request)
    def process(self: Any, request: Any) -> Any:
        answer = answer_of(request.url.partition("?")[0])
        if answer is None:
            return process_request(self, request)
        normalized = normalize_request(request)
        try:
            return answer(normalized, request.url, normalized.headers)
        except HTTPException as error:
            return error.code, error.get_headers(), error.get_body()

    return process


@functools.lru_cache(maxsize=1024)
def answer_of(url: str) -> Any:
    """The function of moto that answers requests to `url`. None if moto itself should search for it."""
    for service, pattern in backend_index.backend_url_patterns:
        if pattern.match(url):
            services = backends.get_backend(service)
            if isinstance(services, BackendDict):
                regions = services[DEFAULT_ACCOUNT_ID]
                urls = regions["us-east-1" if "us-east-1" in regions else "aws"].urls
                return next((answer for path, answer in urls.items() if re.match(path, url)), None)
    return None


def one_kind(serialize: Any) -> Any:
    """Returns `serialize`, changed to look only for the kind that an attribute has, as {"S": "text"} has S."""

    @functools.wraps(serialize)
    def structure(self: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.name == "AttributeValue" and key and type(value) is dict and len(value) == 1:
            ((kind, content),) = value.items()
            if kind in TEXTS and type(content) is str:
                self._default_serialize(serialized, {kind: content}, shape, key)
                return
        serialize(self, serialized, value, shape, key)

    return structure


def remembered(get_possible_keys: Any) -> Any:
    """Returns `get_possible_keys`, changed to make the spellings of an attribute of a dictionary only once."""
    spellings: dict[Any, tuple[str, ...]] = {}

    @functools.wraps(get_possible_keys)
    def keys(self: Any, context: Any) -> Any:
        parent = getattr(context.shape, "parent", None)
        if parent is None or type(context.obj) is not dict:
            return get_possible_keys(self, context)
        place = context.service_model.service_name, parent.name, context.key, context.shape.name
        if place not in spellings:
            spellings[place] = tuple(get_possible_keys(self, context))
        return spellings[place]

    return keys


def copied(value: Any) -> Any:
    """A deep copy. Copying an expression, which moto does for each write, takes less time with pickle."""
    return pickle.loads(pickle.dumps(value)) if isinstance(value, Node) else copy.deepcopy(value)


def traverse(self: Any, node: Any, child_id: int = -1) -> Any:
    """Does what `traverse_node_recursively` does, without asking for the kinds of nodes again for each node."""
    if not is_one_of(type(node), Node):
        return node
    parent = node.parent
    for place, child in enumerate(node.children or ()):
        self.pre_processing_of_child(node, place)
        traverse(self, child, place)
    if is_one_of(type(node), kinds_of(self)):
        node = self.process(node)
        node.parent = parent
        if parent:
            parent.children[child_id] = node
    return node


is_one_of: Any = functools.cache(issubclass)


def kinds_of(traverser: Any) -> tuple[type, ...]:
    """The kinds of nodes that a traverser changes. They are the same for each object of its class."""
    kind = type(traverser)
    if kind not in KINDS:
        KINDS[kind] = traverser.nodes_to_be_processed()
    return KINDS[kind]


KINDS: dict[type, tuple[type, ...]] = {}
