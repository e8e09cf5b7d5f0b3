"""Requests of attackers: without a token, with a forged one, or as another person. `pytest -s` prints the answers."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from common.caller import OPERATORS
from local import deploy
from local.engine import send
from local.settings import REGION
from local.users import PERSON
from tests.support.cloud.apps import Apps
from tests.support.cloud.forged import FORGERIES
from tests.support.cloud.site import fetch
from tools.openapi import DOCUMENTS

Note = Callable[[str, Any], None]


@pytest.fixture(scope="module")
def note() -> Iterator[Note]:
    """Notes a request and its answer. The table of all notes is printed at the end."""
    rows: list[tuple[str, Any]] = []

    yield lambda request, answer: rows.append((request, answer))

    width = max(len(request) for request, _ in rows)
    print("\n" + "\n".join(f"{request:{width}}  {answer}" for request, answer in rows))


def routes() -> list[tuple[str, str, str]]:
    """The document, the method and the path of every operation of the APIs."""
    return [
        (document, method.upper(), path)
        for document in ("account.json", "orders.json", "reminders.json")
        for path, methods in json.loads((DOCUMENTS / document).read_text())["paths"].items()
        for method in methods
    ]


@dataclass(frozen=True)
class Target:
    """The data that an attacker wants to reach: a person's escalated order and reminder, and a parked message."""

    order: dict[str, str]
    reminder_id: str
    message_id: str

    def request(self, apps: Apps, document: str, method: str, path: str) -> tuple[str, Any]:
        """The URL and the body of a request that would succeed if it were allowed."""
        places = apps.places
        ids = {
            "OrderId": self.order["OrderId"],
            "reminderId": self.reminder_id,
            "MessageId": self.message_id,
            "Queue": "EscalationQueue",
        }
        bodies = {
            "POST /orders": self.order | {"OrderId": f"{self.order['OrderId']}-new"},
            "PUT /orders/{OrderId}": self.order | {"Price": "1"},
            "POST /orders/{OrderId}/close": {"note": "Never mind."},
            "PATCH /reminders/{reminderId}": {"sendNow": True},
            "POST /reminders": {"message": f"{self.order['OrderId']}-new", "preference": "topic", "waitSeconds": 0},
        }
        api = {
            "account.json": places.account_api,
            "orders.json": places.orders_api,
            "reminders.json": places.reminders_api,
        }[document]
        query = f"?email={apps.cloud.users()[PERSON].email}" if document == "account.json" else ""
        return api + path.format(**ids) + query, bodies.get(f"{method} {path}")


@pytest.fixture(scope="module")
def owner(apps: Apps) -> Apps:
    return apps.as_new_person()


@pytest.fixture
def target(apps: Apps, owner: Apps, order: dict[str, str], few_parked: None) -> Target:
    wrong = order | {"Price": "0"}
    assert owner.post_order(wrong)[0] == 202
    apps.settled(order["OrderId"])
    status, reminder = owner.post_reminder({"message": "Tea", "preference": "email", "waitSeconds": 31_536_000})
    assert status == 202
    parked = apps.cloud.engine.client("sqs").send_message(QueueUrl=apps.places.parked_queue, MessageBody="{}")
    return Target(wrong, reminder["reminderId"], parked["MessageId"])


@pytest.mark.parametrize("forgery", FORGERIES)
def test_an_invalid_token_reveals_and_changes_nothing(
    apps: Apps, owner: Apps, target: Target, note: Note, forgery: str
) -> None:
    token = FORGERIES[forgery](apps)
    order_id = target.order["OrderId"]
    before = apps.row(order_id)

    for route in routes():
        url, body = target.request(apps, *route)
        answer = send(route[1], url, body=body, token=token)
        assert (answer.status_code, json.loads(answer.text)["error"]["code"]) == (401, "NotSignedIn"), route
        assert order_id not in answer.text

    note(f"{forgery}: each of the {len(routes())} routes", 401)
    assert apps.row(order_id) == before
    assert apps.row(f"{order_id}-new") is None
    assert target.message_id in {one["MessageId"] for one in apps.call("GET", "/parked")[1]["items"]}
    _, found = listed(owner)
    assert [one["status"] for one in found if one["reminderId"] == target.reminder_id] == ["SCHEDULED"]
    deliveries = [*apps.cloud.engine.mails(), *apps.cloud.engine.texts(), *apps.cloud.topic_messages()]
    # Only two requests would send something. One names the order, and one the reminder.
    assert not [one for one in deliveries if order_id in str(one) or target.reminder_id in str(one)]


def listed(apps: Apps) -> tuple[int, list[dict[str, Any]]]:
    """The status and the reminders of the caller."""
    answer = send("GET", f"{apps.places.reminders_api}/reminders", token=apps.token)
    return answer.status_code, json.loads(answer.text)["reminders"]


def test_a_person_reaches_only_their_own_data(apps: Apps, target: Target, note: Note) -> None:
    """Another person's data gives 404. Routes for operators give 403."""
    other = apps.as_new_person()
    before = apps.row(target.order["OrderId"])
    answers = {}

    for route in routes():
        url, body = target.request(apps, *route)
        answer = send(route[1], url, body=body, token=other.token)
        note(f"another person: {' '.join(route[1:])}", answer.status_code)
        answers[" ".join(route[1:])] = answer.status_code
    all_orders = send("GET", f"{apps.places.orders_api}/orders?status=ESCALATED", token=other.token).status_code
    note("another person: GET /orders?status=ESCALATED", all_orders)

    assert all_orders == 403
    assert answers == {
        "GET /account": 403,
        "DELETE /account": 403,
        "GET /dead-letters": 403,
        "POST /dead-letters/{Queue}/redrive": 403,
        "POST /orders": 202,
        "GET /orders": 200,
        "GET /orders/{OrderId}": 404,
        "PUT /orders/{OrderId}": 404,
        "POST /orders/{OrderId}/close": 403,
        "GET /orders/{OrderId}/contact": 403,
        "GET /parked": 403,
        "DELETE /parked/{MessageId}": 403,
        # This request uses the topic, which is for operators.
        "POST /reminders": 403,
        "GET /reminders": 200,
        "GET /reminders/{reminderId}": 404,
        "PATCH /reminders/{reminderId}": 404,
        "DELETE /reminders/{reminderId}": 404,
    }
    assert apps.row(target.order["OrderId"]) == before


@pytest.mark.parametrize("method", ["HEAD", "PATCH", "TRACE", "DELETE"])
def test_a_method_without_a_route_is_not_found(apps: Apps, note: Note, method: str) -> None:
    answer = send(method, f"{apps.places.orders_api}/orders")

    note(f"no token: {method} /orders", answer.status_code)
    assert answer.status_code == 404


@pytest.fixture(scope="module")
def anonymous_cognito(apps: Apps) -> Any:
    """A client of Cognito without AWS credentials."""
    config = Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1})
    return boto3.client("cognito-idp", region_name=REGION, endpoint_url=apps.places.endpoint, config=config)


def refusal_of(note: Note, name: str, call: Callable[[], Any]) -> str:
    """The code of Cognito's error. Fails if Cognito does not refuse the call."""
    with pytest.raises(ClientError) as refused:
        call()
    code = str(refused.value.response["Error"]["Code"])
    note(name, code)
    return code


@pytest.mark.parametrize(
    ("operation", "more"),
    [
        ("admin_add_user_to_group", {"GroupName": OPERATORS}),
        ("admin_confirm_sign_up", {}),
        ("admin_create_user", {}),
        ("admin_delete_user", {}),
        ("admin_get_user", {}),
        ("admin_set_user_password", {"Password": "Correct-horse-1", "Permanent": True}),
        ("admin_update_user_attributes", {"UserAttributes": [{"Name": "email_verified", "Value": "true"}]}),
        ("list_users", {}),
        ("list_users_in_group", {"GroupName": OPERATORS}),
        ("create_user_pool_client", {"ClientName": "mine"}),
        ("delete_user_pool", {}),
    ],
)
def test_without_aws_credentials_nobody_administers_the_pool(
    apps: Apps, owner: Apps, anonymous_cognito: Any, note: Note, operation: str, more: dict[str, Any]
) -> None:
    of_a_user = {"Username": owner.user.email} if operation.startswith("admin_") else {}

    code = refusal_of(
        note,
        f"no key: {operation}",
        lambda: getattr(anonymous_cognito, operation)(UserPoolId=apps.places.user_pool, **of_a_user, **more),
    )

    # AWS answers MissingAuthenticationToken, the engine the longer name.
    assert code in ("MissingAuthenticationTokenException", "MissingAuthenticationToken")


@pytest.mark.parametrize("flow", ["USER_SRP_AUTH", "CUSTOM_AUTH"])
def test_the_pages_client_signs_in_only_by_password(
    apps: Apps, owner: Apps, anonymous_cognito: Any, note: Note, flow: str
) -> None:
    """Cognito refuses a flow that the client does not allow."""
    parameters = {"USERNAME": owner.user.email, "PASSWORD": owner.user.password, "SRP_A": "1"}

    with pytest.raises(ClientError, match=f"{flow} is not enabled for the client"):
        anonymous_cognito.initiate_auth(ClientId=apps.places.web_client, AuthFlow=flow, AuthParameters=parameters)

    note(f"no key: InitiateAuth {flow}", "InvalidParameterException")


def test_nobody_signs_up_with_a_phone_number(apps: Apps, anonymous_cognito: Any, note: Note) -> None:
    """Otherwise the pool would send texts to that number."""
    number, address = "+15555550163", "mallory@example.com"
    attributes = [{"Name": "email", "Value": address}, {"Name": "phone_number", "Value": number}]

    code = refusal_of(
        note,
        "no key: SignUp with a phone number",
        lambda: anonymous_cognito.sign_up(
            ClientId=apps.places.web_client, Username=address, Password="Correct-horse-1", UserAttributes=attributes
        ),
    )

    assert code == "UserLambdaValidationException"
    assert [text for text in apps.cloud.engine.texts() if number in json.dumps(text)] == []
    assert [mail for mail in apps.cloud.engine.mails() if address in mail["To"]] == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
@pytest.mark.parametrize("key", ["config.json", "index.html", "planted.html", ""])
def test_the_pages_bucket_refuses_anonymous_requests(apps: Apps, note: Note, method: str, key: str) -> None:
    bucket = deploy.outputs(apps.cloud.engine)["local-website"]["SiteBucketName"]
    before = [fetch(apps.places.site, f"/{one}").body for one in ("config.json", "index.html", "planted.html")]

    answer = send(method, f"{apps.places.endpoint}/{bucket}/{key}", body="<p>Mine</p>")
    through = fetch(apps.places.site, f"/{key}", method=method) if method != "GET" else None

    note(f"no key: {method} s3://site/{key}", answer.status_code)
    assert answer.status_code == 403
    assert through is None or through.status == 403
    assert before == [fetch(apps.places.site, f"/{one}").body for one in ("config.json", "index.html", "planted.html")]
