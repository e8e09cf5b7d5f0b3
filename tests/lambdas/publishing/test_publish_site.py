"""The files in the bucket, the calls to CloudFront and the answers to CloudFormation."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from publishing import publish_site
from tests.support.aws_answers import add_refusal

PAGE = {
    "index.html": "<p>hello",
    "404.html": "<p>none",
    "app.js": "run()",
    "vendor/lit.mjs": "lit()",
    "style.css": "p{}",
}
CONFIG = {"clientId": "abc", "outbox": None}
SITE, ASSETS, KEY = "site", "assets", "page.zip"

s3 = boto3.client("s3", region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")
cloudfront = boto3.client("cloudfront", aws_access_key_id="testing", aws_secret_access_key="testing")


class Context:
    def __init__(self, seconds: float = 300) -> None:
        self.seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self.seconds * 1000)


class CloudFormation:
    """Accepts answers and keeps them in `answers`. It refuses the first `failures` of them."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any]] = []
        self.types: list[str | None] = []
        self.failures = 0
        self.url = ""

    def take(self, body: bytes, type: str | None) -> int:
        if self.failures:
            self.failures -= 1
            return 503
        self.answers.append(json.loads(body))
        self.types.append(type)
        return 200


@pytest.fixture
def cloudformation() -> Iterator[CloudFormation]:
    taker = CloudFormation()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(taker.take(body, self.headers["Content-Type"]))
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        taker.url = f"http://127.0.0.1:{server.server_port}/answer"
        yield taker
        server.shutdown()


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)


@pytest.fixture
def distribution() -> str:
    origin = {"Id": "o", "DomainName": "site.s3.amazonaws.com", "S3OriginConfig": {"OriginAccessIdentity": ""}}
    config = {
        "CallerReference": "1",
        "Comment": "",
        "Enabled": True,
        "Origins": {"Quantity": 1, "Items": [origin]},
        "DefaultCacheBehavior": {"TargetOriginId": "o", "ViewerProtocolPolicy": "redirect-to-https"},
    }
    return str(cloudfront.create_distribution(DistributionConfig=config)["Distribution"]["Id"])


Event = Callable[..., dict[str, Any]]


@pytest.fixture
def event(cloudformation: CloudFormation, distribution: str) -> Event:
    """Returns an event of CloudFormation. `files` are the files of the archive."""
    for bucket in (SITE, ASSETS):
        s3.create_bucket(Bucket=bucket)

    def make(request: str = "Create", *, files: Mapping[str, str] = PAGE, **changes: Any) -> dict[str, Any]:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
        s3.put_object(Bucket=ASSETS, Key=KEY, Body=packed.getvalue())
        return {
            "RequestType": request,
            "RequestId": "request-1",
            "StackId": "stack",
            "LogicalResourceId": "PublishedSite",
            "ResponseURL": cloudformation.url,
            "ResourceProperties": {
                "Archive": {"Bucket": ASSETS, "Key": KEY},
                "Site": SITE,
                "Distribution": distribution,
                "Config": json.dumps(CONFIG),
            },
            **({"PhysicalResourceId": SITE} if request != "Create" else {}),
            **changes,
        }

    return make


def published() -> dict[str, str]:
    keys = [one["Key"] for one in s3.list_objects_v2(Bucket=SITE).get("Contents", [])]
    return {key: s3.get_object(Bucket=SITE, Key=key)["Body"].read().decode() for key in keys}


def invalidations(distribution: str) -> list[dict[str, Any]]:
    listed = cloudfront.list_invalidations(DistributionId=distribution)["InvalidationList"]
    return list(listed.get("Items", []))


def test_everything_is_published_and_the_answer_says_so(event: Event, cloudformation: CloudFormation) -> None:
    publish_site.handler(event(), Context())

    files = published()
    assert json.loads(files.pop("config.json")) == CONFIG
    assert files == PAGE
    assert cloudformation.answers == [
        {
            "Status": "SUCCESS",
            "Reason": "",
            "PhysicalResourceId": SITE,
            "StackId": "stack",
            "RequestId": "request-1",
            "LogicalResourceId": "PublishedSite",
        }
    ]
    # The URL's signature is only valid for an empty Content-Type.
    assert cloudformation.types == [""]


@pytest.mark.parametrize(
    ("name", "type"),
    [
        ("a.html", "text/html; charset=utf-8"),
        ("a.css", "text/css; charset=utf-8"),
        ("a.js", "text/javascript; charset=utf-8"),
        ("a/b/c.mjs", "text/javascript; charset=utf-8"),
        ("a.txt", "text/plain; charset=utf-8"),
        ("vendor/LICENSE", "text/plain; charset=utf-8"),
        ("a.json", "application/json"),
        ("a.webmanifest", "application/manifest+json"),
        ("a.svg", "image/svg+xml"),
        ("a.PNG", "image/png"),
        ("favicon.ico", "image/x-icon"),
        ("a.jpg", "image/jpeg"),
        ("a.md", "text/markdown; charset=utf-8"),
        ("a.webp", "image/webp"),
        ("a.woff2", "font/woff2"),
    ],
)
def test_each_kind_of_file_has_its_content_type(name: str, type: str, event: Event) -> None:
    publish_site.handler(event(files={**PAGE, name: "x"}), Context())

    assert s3.head_object(Bucket=SITE, Key=name)["ContentType"] == type


def test_browsers_revalidate_every_file_and_cloudfront_caches_all(event: Event) -> None:
    publish_site.handler(event(), Context())

    for key in published():
        cache = s3.head_object(Bucket=SITE, Key=key)["CacheControl"]
        assert {"max-age=0", "must-revalidate", "s-maxage=31536000"} <= set(cache.split(", "))


def test_pages_are_uploaded_after_their_files_and_the_start_page_last(event: Event) -> None:
    written: list[str] = []
    sent = "provide-client-params.s3.PutObject"
    asked = event()

    publish_site.s3.meta.events.register(sent, lambda params, **_: written.append(params["Key"]), unique_id="order")
    publish_site.handler(asked, Context())
    publish_site.s3.meta.events.unregister(sent, unique_id="order")

    assert written[:-2] == ["app.js", "config.json", "style.css", "vendor/lit.mjs"]
    assert written[-2:] == ["404.html", "index.html"]


def test_an_update_replaces_changed_files_and_removes_old_ones(event: Event, cloudformation: CloudFormation) -> None:
    publish_site.handler(event(), Context())
    now = {"index.html": "<p>new", "404.html": "<p>none", "main.js": "run()"}

    publish_site.handler(event("Update", files=now, RequestId="request-2"), Context())

    assert published().keys() == {*now, "config.json"}
    assert published()["index.html"] == "<p>new"
    assert {answer["PhysicalResourceId"] for answer in cloudformation.answers} == {SITE}


def test_each_request_invalidates_everything_once(event: Event, distribution: str) -> None:
    publish_site.handler(event(), Context())

    (one,) = invalidations(distribution)
    batch = cloudfront.get_invalidation(DistributionId=distribution, Id=one["Id"])["Invalidation"]["InvalidationBatch"]
    assert batch["Paths"] == {"Quantity": 1, "Items": ["/*"]}
    assert batch["CallerReference"] == "request-1"


def test_a_repeated_event_leaves_the_same_page(event: Event, cloudformation: CloudFormation) -> None:
    publish_site.handler(event(), Context())
    before = published()

    publish_site.handler(event(), Context())

    assert published() == before
    assert [answer["Status"] for answer in cloudformation.answers] == ["SUCCESS", "SUCCESS"]


def test_deleting_empties_the_bucket(event: Event, cloudformation: CloudFormation) -> None:
    publish_site.handler(event(), Context())

    publish_site.handler(event("Delete"), Context())
    s3.delete_bucket(Bucket=SITE)
    publish_site.handler(event("Delete"), Context())

    assert [answer["Status"] for answer in cloudformation.answers] == ["SUCCESS"] * 3


def test_the_answer_to_a_delete_names_the_deleted_resource(event: Event, cloudformation: CloudFormation) -> None:
    """If its creation was not answered, CloudFormation has chosen an id for the resource."""
    publish_site.handler(event("Delete", PhysicalResourceId="generated"), Context())

    assert cloudformation.answers[0]["PhysicalResourceId"] == "generated"


def test_another_bucket_is_another_resource_so_that_cloudformation_empties_the_old_one(
    event: Event, cloudformation: CloudFormation
) -> None:
    publish_site.handler(event("Update", PhysicalResourceId="old-bucket"), Context())

    assert cloudformation.answers[0]["PhysicalResourceId"] == SITE


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"style.css": "p{}"}, "index.html is missing"),
        ({**PAGE, "../up.js": "x"}, "'../up.js' is not a path within the page's folder"),
        ({**PAGE, "/etc/passwd": "x"}, "'/etc/passwd' is not a path within the page's folder"),
        ({**PAGE, "a//b.js": "x"}, "'a//b.js' is not a path within the page's folder"),
        ({**PAGE, "./b.js": "x"}, "'./b.js' is not a path within the page's folder"),
        ({**PAGE, "a/../b.js": "x"}, "'a/../b.js' is not a path within the page's folder"),
        ({**PAGE, "a\\b.js": "x"}, "is not a path within the page's folder"),
        ({**PAGE, "film.mp4": "x"}, "'film.mp4': add the Content-Type of .mp4 to TYPES"),
    ],
)
def test_an_unpublishable_file_is_refused_before_anything_changes(
    files: Mapping[str, str], reason: str, event: Event, cloudformation: CloudFormation
) -> None:
    publish_site.handler(event(), Context())
    before = published()

    publish_site.handler(event("Update", files=files), Context())

    assert cloudformation.answers[-1]["Status"] == "FAILED"
    assert reason in cloudformation.answers[-1]["Reason"]
    assert published() == before


def without(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda event: {key: value for key, value in event.items() if key != name}


def with_properties(**changes: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda event: {**event, "ResourceProperties": {**event["ResourceProperties"], **changes}}


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (without("ResourceProperties"), "KeyError: 'ResourceProperties'"),
        (without("RequestType"), "KeyError: 'RequestType'"),
        (without("RequestId"), "KeyError: 'RequestId'"),
        (lambda event: {**event, "RequestType": "Undo"}, "unknown request 'Undo'"),
        (lambda event: {**event, "ResourceProperties": "nonsense"}, "TypeError"),
        (with_properties(Archive={"Bucket": ASSETS, "Key": "none"}), "NoSuchKey"),
        (with_properties(Site="no-such-bucket"), "NoSuchBucket"),
        (with_properties(Distribution="NONE"), "NoSuchDistribution"),
    ],
)
def test_a_broken_event_is_answered_with_the_reason(
    broken: Callable[[dict[str, Any]], dict[str, Any]], reason: str, event: Event, cloudformation: CloudFormation
) -> None:
    publish_site.handler(broken(event()), Context())

    (answer,) = cloudformation.answers
    assert answer["Status"] == "FAILED"
    assert reason in answer["Reason"]
    assert answer["PhysicalResourceId"]


def test_a_long_reason_is_cut_to_cloudformations_limit(event: Event, cloudformation: CloudFormation) -> None:
    publish_site.handler(event(RequestType="x" * 100_000), Context())

    assert len(json.dumps(cloudformation.answers[0])) < 4096
    assert len(cloudformation.answers[0]["Reason"]) == 1000


def test_slow_publishing_fails_early_enough_to_answer(event: Event, cloudformation: CloudFormation) -> None:
    publish_site.handler(event(), Context(seconds=30))

    assert cloudformation.answers[0]["Status"] == "FAILED"
    assert "TimeoutError: publishing took too long" in cloudformation.answers[0]["Reason"]
    assert "index.html" not in published()


@pytest.mark.parametrize(("seconds", "status"), [(49.5, "FAILED"), (50.5, "SUCCESS")])
def test_publishing_goes_on_until_only_the_time_to_answer_is_left(
    seconds: float, status: str, event: Event, cloudformation: CloudFormation
) -> None:
    publish_site.handler(event(), Context(seconds))

    assert cloudformation.answers[0]["Status"] == status


def test_a_hanging_call_and_its_retries_end_within_the_spare_time() -> None:
    for client in (publish_site.s3, publish_site.cloudfront):
        config = client.meta.config
        attempts = config.retries["total_max_attempts"]
        assert (config.connect_timeout + config.read_timeout) * attempts < publish_site.SPARE_SECONDS
        assert (attempts > 1, config.retries["mode"]) == (True, "standard")


def test_a_file_that_s3_does_not_remove_is_named(
    event: Event, cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_site.handler(event(), Context())
    asked = event("Update", files={"index.html": "<p>new"})
    error = {"Key": "app.js", "Code": "InternalError"}
    monkeypatch.setattr(publish_site.s3, "delete_objects", lambda **_: {"Errors": [error]})

    publish_site.handler(asked, Context())

    assert cloudformation.answers[-1]["Status"] == "FAILED"
    assert "'app.js' could not be removed: InternalError" in cloudformation.answers[-1]["Reason"]


def test_only_a_deletion_accepts_that_the_bucket_is_gone(
    event: Event, cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody may delete the bucket after the files were uploaded."""

    s3, usual = publish_site.s3, publish_site.s3.get_paginator

    def delete_the_bucket(operation: str) -> Any:
        if SITE in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
            for one in s3.list_objects_v2(Bucket=SITE)["Contents"]:
                s3.delete_object(Bucket=SITE, Key=one["Key"])
            s3.delete_bucket(Bucket=SITE)
        return usual(operation)

    asked = [event(), event("Delete")]
    monkeypatch.setattr(s3, "get_paginator", delete_the_bucket)
    for one in asked:
        publish_site.handler(one, Context())

    assert [answer["Status"] for answer in cloudformation.answers] == ["FAILED", "SUCCESS"]


def test_the_folders_of_an_archive_are_not_uploaded() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.mkdir("vendor")
        archive.writestr("index.html", "<p>hello")

    assert publish_site.unpacked(packed.getvalue()) == {"index.html": b"<p>hello"}


@pytest.mark.parametrize(
    ("request_type", "properties", "known", "answered"),
    [
        ("Create", {"Site": "new"}, None, "new"),
        ("Create", {}, None, "none"),
        ("Create", "nonsense", None, "none"),
        ("Update", {"Site": "new"}, "old", "new"),
        ("Update", {}, "old", "old"),
        ("Delete", {"Site": "new"}, "old", "old"),
        ("Delete", {"Site": "new"}, None, "new"),
        ("Delete", None, None, "none"),
    ],
)
def test_every_answer_names_the_resource(
    request_type: str, properties: Any, known: str | None, answered: str, cloudformation: CloudFormation
) -> None:
    """Otherwise CloudFormation rejects the answer, and the stack hangs."""
    asked = {"RequestType": request_type, "ResponseURL": cloudformation.url, "ResourceProperties": properties}

    publish_site.handler(asked | ({"PhysicalResourceId": known} if known else {}), Context(seconds=0))

    assert [answer["PhysicalResourceId"] for answer in cloudformation.answers] == [answered]


def test_an_answer_that_is_not_accepted_is_sent_again_after_longer_and_longer_pauses(
    event: Event, cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    cloudformation.failures = 3
    asked, pauses = event(), list[float]()
    monkeypatch.setattr("time.sleep", pauses.append)

    publish_site.handler(asked, Context())

    assert [answer["Status"] for answer in cloudformation.answers] == ["SUCCESS"]
    assert (len(pauses), pauses[0]) == (4, 0)
    assert pauses == sorted(set(pauses))


def test_an_answer_does_not_wait_for_ever_for_cloudformation(event: Event, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, timeouts = event(), list[float]()

    def hangs(request: Any, *, timeout: float) -> Any:
        timeouts.append(timeout)
        raise TimeoutError("timed out")

    monkeypatch.setattr("urllib.request.urlopen", hangs)

    with pytest.raises(ConnectionError, match="TimeoutError: timed out"):
        publish_site.handler(asked, Context())

    assert len(timeouts) > 1
    assert sum(timeouts) < publish_site.SPARE_SECONDS


def test_an_answer_that_is_never_accepted_raises_an_error(event: Event, cloudformation: CloudFormation) -> None:
    cloudformation.failures = 100

    with pytest.raises(ConnectionError, match="503"):
        publish_site.handler(event(), Context())


def test_publishing_waits_for_a_new_permission(
    event: Event, cloudformation: CloudFormation, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = list[float]()
    monkeypatch.setattr("time.sleep", pauses.append)
    with Stubber(publish_site.s3) as denying:
        asked = event()
        for _ in range(3):
            add_refusal(denying, "GetObject", "AccessDenied")
        add_refusal(denying, "GetObject", "NoSuchKey")
        publish_site.handler(asked, Context())

        denying.assert_no_pending_responses()
    assert "NoSuchKey" in cloudformation.answers[0]["Reason"]
    assert len([pause for pause in pauses if pause > 0]) == 3


def test_a_missing_permission_fails_with_its_reason(event: Event, cloudformation: CloudFormation) -> None:
    class Passing(Context):
        def get_remaining_time_in_millis(self) -> int:
            self.seconds -= 20
            return super().get_remaining_time_in_millis()

    with Stubber(publish_site.s3) as denying:
        asked = event()
        for _ in range(4):
            add_refusal(denying, "GetObject", "AccessDenied")
        publish_site.handler(asked, Passing())

        denying.assert_no_pending_responses()
    assert "AccessDenied" in cloudformation.answers[0]["Reason"]


@pytest.mark.parametrize("ends", [True, False])
def test_publishing_waits_for_an_invalidation_but_not_for_ever(
    ends: bool,
    event: Event,
    cloudformation: CloudFormation,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    asked, context = event(), Context(seconds=300)
    monkeypatch.setattr("time.sleep", lambda seconds: setattr(context, "seconds", context.seconds - 50 * seconds))

    with Stubber(publish_site.cloudfront) as slow:
        slow.add_response("create_invalidation", invalidation("InProgress"))
        slow.add_response("get_invalidation", invalidation("InProgress"))
        slow.add_response("get_invalidation", invalidation("Completed" if ends else "InProgress"))
        if not ends:
            slow.add_response("get_invalidation", invalidation("InProgress"))
        publish_site.handler(asked, context)

        slow.assert_no_pending_responses()
    assert [answer["Status"] for answer in cloudformation.answers] == ["SUCCESS"]
    assert ("invalidation I1 is still in progress" in caplog.text) is not ends


def invalidation(status: str) -> dict[str, Any]:
    batch = {"Paths": {"Quantity": 1, "Items": ["/*"]}, "CallerReference": "request-1"}
    one = {"Id": "I1", "Status": status, "CreateTime": "2026-11-21T00:00:00Z", "InvalidationBatch": batch}
    return {"Invalidation": one}
