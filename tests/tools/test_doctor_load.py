"""The doctor compares the load that a stage declares with AWS's quotas."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from costs import quotas
from stacks.config import ALL_STAGES, PROD
from stacks.stage import Load, Stage
from tests.support.doctor import Aws, examined
from tools.doctor.checks import Finding
from tools.load.needs import needs

PLENTY = {"Quota": {"Value": 1e6}}


@pytest.fixture
def aws() -> Iterator[Aws]:
    with examined() as aws:
        yield aws


def finding(aws: Aws, **load: Any) -> Finding:
    return aws.findings(load=replace(Load(orders_per_second=1, lookups_per_second=1, reminders_per_second=1), **load))[
        "load"
    ]


@pytest.mark.parametrize("stage", ALL_STAGES, ids=lambda stage: stage.name)
def test_the_stages_fit_aws_default_quotas(stage: Stage) -> None:
    assert [need for need in needs(stage) if need.amount > need.default.value] == []


def test_prod_needs_nearly_all_calls_that_lambda_runs_by_default() -> None:
    """Each order is two calls: PlaceOrder, and VerifyCCAndPrice from the workflow."""
    [concurrency] = [need for need in needs(PROD) if need.quota == "lambda.concurrency"]

    assert 900 < concurrency.amount <= 1000


def test_a_load_that_fits_is_ok(aws: Aws) -> None:
    assert finding(aws).state == "ok"
    assert finding(aws).found == "1 orders, 1 lookups and 1 reminders a second, at peaks 1.1 times as many"


def test_a_quota_that_is_too_small_is_named_with_what_needs_it(aws: Aws) -> None:
    aws.answers["GetServiceQuota"] = PLENTY

    found = finding(aws, reminders_per_second=400)

    assert found.state == "limited"
    assert "starts of Standard workflows a second: needs 440 (one for each reminder), and the default has 300" in (
        found.found
    )
    assert "Service Quotas" in found.advice


def test_the_quota_of_the_account_counts(aws: Aws) -> None:
    aws.answers["GetServiceQuota"] = {"Quota": {"Value": 100.0}}

    found = finding(aws, lookups_per_second=200).found

    assert "API Gateway: requests a second to all APIs of the account: needs 222" in found
    assert "the account has 100" in found


def test_without_an_answer_the_default_counts(aws: Aws) -> None:
    aws.answers["GetServiceQuota"] = EndpointConnectionError(endpoint_url="https://servicequotas")

    found = finding(aws, lookups_per_second=20_000).found

    assert "and the default has 10,000" in found


def test_each_quota_has_a_source() -> None:
    assert all(quota.source.startswith("https://") for quota in quotas.table().values())
