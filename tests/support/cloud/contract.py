"""Calls the APIs, and checks status, headers and body of every answer against docs/openapi."""

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import fastjsonschema
from botocore.awsrequest import AWSResponse

from local.engine import send
from tests.support import documents, refusals
from tests.support.cloud import balance
from tests.support.cloud.apps import Apps
from tests.support.cloud.records import Answer

MAX_BODY_BYTES = 24_576
REMINDER = {"message": "Feed the cat", "preference": "topic", "waitSeconds": 0}


class Api:
    """One of the APIs, and the document that describes it."""

    def __init__(self, apps: Apps, *, url: str, document: str) -> None:
        self.url = url
        self._apps = apps
        self._name = document

    def call(
        self,
        method: str,
        template: str,
        *,
        body: Any = None,
        content_type: str = "application/json",
        token: str | None = None,
        query: dict[str, str] | None = None,
        **path: str,
    ) -> tuple[int, Any, AWSResponse]:
        """Calls `method` on `template` and checks the answer. Returns the status, the body and the response.

        The caller is the user of `apps`, or the user of `token`. An empty token sends none.
        """
        url = self.url + template.format(**path) + (f"?{urlencode(query)}" if query else "")
        token = self._apps.token if token is None else token
        response = send(method, url, body=body, token=token, headers={"Content-Type": content_type})

        content = checked(self._name, method, template, response.status_code, response.headers, response.text)
        balance.ANSWERS.append(Answer(method, url, body, response.status_code, content))
        return response.status_code, content, response


def checked(document: str, method: str, template: str, status: int, headers: Mapping[str, str], text: str) -> Any:
    """Returns the body of an answer. Raises AssertionError unless the answer is as `document` says.

    `headers` must find a name in any case.
    """
    answers = documents.document(document)["paths"][template][method.lower()]["responses"]
    assert str(status) in answers, f"{status} is not in {document}: {text}"
    answer = answers[str(status)]
    assert headers["Access-Control-Allow-Origin"] == "*"
    for name, header in answer["headers"].items():
        assert name in headers or not header["required"], (status, name)
    assert headers["Content-Type"] == "application/json"
    content = json.loads(text)
    documented = answer["content"]["application/json"]
    _validator(document, json.dumps(documented["schema"]))(content)
    if status >= 400:
        assert content["error"]["code"] in documented["examples"], content
        refusals.check(content)
    return content


@functools.cache
def _validator(document: str, schema: str) -> Callable[[Any], Any]:
    """Checks a body against a schema, as JSON, of this document. Compiling a schema takes longer than a call."""
    validate: Callable[[Any], Any] = fastjsonschema.compile(documents.resolved(document, json.loads(schema)))
    return validate
