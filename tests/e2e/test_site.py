"""The page as CloudFront serves it: only the published files, with the right headers."""

import json
from pathlib import Path
from typing import Any

import pytest

from local import deploy, gaps
from local.cloud import Cloud, Places
from local.engine import send
from local.settings import PROJECT
from tests.support.cloud.site import fetch

FILES = PROJECT / "website"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
}


@pytest.fixture(scope="session")
def config(places: Places) -> dict[str, Any]:
    config: dict[str, Any] = json.loads(fetch(places.site, "/config.json").body)
    return config


def files() -> list[Path]:
    paths = [path.relative_to(FILES) for path in sorted(FILES.rglob("*")) if path.is_file()]
    return [path for path in paths if path.suffix != ".ts" and not any(part.startswith(".") for part in path.parts)]


@pytest.mark.parametrize("path", files(), ids=str)
def test_every_file_is_served_unchanged(path: Path, places: Places) -> None:
    answer = fetch(places.site, f"/{path.as_posix()}")

    assert (answer.status, answer.body) == (200, (FILES / path).read_bytes())
    assert answer.headers["Content-Type"] == TYPES.get(path.suffix, answer.headers["Content-Type"])
    assert "max-age=0" in answer.headers["Cache-Control"]


def test_the_address_itself_shows_the_first_page(places: Places) -> None:
    assert fetch(places.site).body == (FILES / "index.html").read_bytes()


@pytest.mark.parametrize("path", ["/", "/config.json", "/nothing"])
def test_every_response_has_the_security_headers(path: str, places: Places) -> None:
    headers = fetch(places.site, path).headers

    policy = headers["Content-Security-Policy"]
    assert f"connect-src 'self' {places.endpoint}; " in policy
    assert "script-src 'self'; style-src 'self'; " in policy and "unsafe" not in policy
    assert headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


@pytest.mark.parametrize("path", ["/nothing", "/sub/", "/%2e%2e/app.py", "/index.html/"])
def test_a_missing_file_gives_404_with_its_own_page(path: str, places: Places) -> None:
    answer = fetch(places.site, path)

    assert (answer.status, answer.body) == (404, (FILES / "404.html").read_bytes())
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_the_bucket_is_not_listed_through_the_page(places: Places) -> None:
    assert fetch(places.site, "/?list-type=2").body == (FILES / "index.html").read_bytes()


def test_a_file_that_has_not_changed_is_not_sent_again(places: Places) -> None:
    tag = fetch(places.site).headers["ETag"]

    again = fetch(places.site, headers={"If-None-Match": tag})

    assert (again.status, again.body) == (304, b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_is_written_through_the_page(method: str, places: Places) -> None:
    assert fetch(places.site, "/index.html", method=method).status == 403
    assert fetch(places.site).status == 200


@pytest.mark.parametrize("key", ["", "index.html", "config.json"])
def test_only_cloudfront_reads_the_bucket(key: str, cloud: Cloud) -> None:
    bucket = deploy.outputs(cloud.engine)["local-website"]["SiteBucketName"]

    assert send("GET", f"{cloud.settings.endpoint}/{bucket}/{key}").status_code == 403


def test_the_pages_settings_name_addresses_that_answer(config: dict[str, Any], cloud: Cloud, places: Places) -> None:
    identity = deploy.outputs(cloud.engine)["local-identity"]

    assert config["clientId"] == identity["WebClientId"]
    assert (config["ordersApi"], config["remindersApi"]) == (places.orders_api, places.reminders_api)
    assert config["accountApi"] == places.account_api
    assert config["signIn"] == f"{places.endpoint}/"
    assert config["queues"] == places.queues
    for api, path in (("ordersApi", "/orders/none"), ("remindersApi", "/reminders"), ("accountApi", "/account")):
        assert send("GET", config[api] + path).status_code == 401


def test_the_page_reads_the_outbox_on_its_own_host(config: dict[str, Any], places: Places) -> None:
    for what in ("ses/messages", "sns/sms-messages", "sqs/messages"):
        answer = fetch(places.site, f"{config['outbox']}/{what}")
        assert (answer.status, type(json.loads(answer.body))) == (200, dict)


def test_patching_the_page_for_the_engine_again_changes_nothing(cloud: Cloud) -> None:
    """Writing something again would change its tag or its time."""
    site = deploy.outputs(cloud.engine)["local-website"]
    cloudfront, s3 = cloud.engine.client("cloudfront"), cloud.engine.client("s3")

    def tags() -> tuple[str, str, Any]:
        distribution = cloudfront.get_distribution_config(Id=site["DistributionId"])
        headers = distribution["DistributionConfig"]["DefaultCacheBehavior"]["ResponseHeadersPolicyId"]
        policy = cloudfront.get_response_headers_policy_config(Id=headers)
        config = s3.head_object(Bucket=site["SiteBucketName"], Key="config.json")
        return distribution["ETag"], policy["ETag"], config["LastModified"]

    before = tags()
    gaps.show_page_without_tls(cloud.engine, site)

    assert tags() == before
