"""Closes gaps of the engine from outside, after each deployment.

docs/local.md lists all gaps. When a gap is gone, a test in tests/local/test_gaps.py fails. Then delete its function.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from local.addresses import api_url
from local.engine import Engine
from local.settings import Settings

PAGE_CONFIG = "config.json"

SES_POLICY = "SesAsTheEngineAsks"
SES_GRANT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ses:SendEmail", "Resource": "*"}],
}
ON_AWS = r"https://([a-z0-9-]+)\.[a-z0-9.-]+\.amazonaws\.com"
"""The origin of a service on AWS. In the host name of a REST API, the first label is the API's id."""
SQS_POLICY = "SqsBatchesAsTheEngineAsks"
SQS_BATCHES = {f"sqs:{one}": f"sqs:{one}Batch" for one in ("SendMessage", "DeleteMessage", "ChangeMessageVisibility")}
BEHIND_TLS = ("X-Forwarded-Proto", "https")


def allow_plain_http(engine: Engine) -> None:
    """Removes the statements "TLS only" from the policies of queues, topics and buckets.

    The engine speaks plain HTTP on 127.0.0.1 and enforces these statements. With them nothing could be queued or
    deployed.
    """
    s3, sqs, sns = (_client_behind_tls(engine, service) for service in ("s3", "sqs", "sns"))
    for bucket in (one["Name"] for one in s3.list_buckets()["Buckets"]):
        try:
            policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
        except s3.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
                raise
            continue
        loosened = _without_tls_only(policy)
        if not loosened["Statement"]:
            s3.delete_bucket_policy(Bucket=bucket)
        elif loosened != policy:
            s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(loosened))
    for page in sqs.get_paginator("list_queues").paginate():
        for url in page.get("QueueUrls", []):
            attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"]).get("Attributes", {})
            if "Policy" in attributes:
                loosened = _without_tls_only(json.loads(attributes["Policy"]))
                text = json.dumps(loosened) if loosened["Statement"] else ""
                sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": text})
    for page in sns.get_paginator("list_topics").paginate():
        for topic in page["Topics"]:
            arn = topic["TopicArn"]
            policy = json.loads(sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"])
            loosened = _without_tls_only(policy)
            if loosened["Statement"] != policy["Statement"]:
                sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(loosened))


def widen_ses_grants(engine: Engine) -> None:
    """Gives each role that may send e-mail the same permission in the form that the engine checks.

    AWS checks the permission on the identity, with the sender as a condition key. The engine checks it on `*`, without
    keys. A role that has no permission in its template gets none here.
    """
    iam = engine.client("iam")
    for page in iam.get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            name = role["RoleName"]
            policies = iam.list_role_policies(RoleName=name)["PolicyNames"]
            granted = any(
                "ses:SendEmail" in _listed(statement["Action"])
                for policy in policies
                if policy != SES_POLICY
                for statement in iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]["Statement"]
            )
            if granted:
                iam.put_role_policy(RoleName=name, PolicyName=SES_POLICY, PolicyDocument=json.dumps(SES_GRANT))
            elif SES_POLICY in policies:
                iam.delete_role_policy(RoleName=name, PolicyName=SES_POLICY)


def widen_sqs_grants(engine: Engine) -> None:
    """Gives each role that may send, delete or release messages the same permission for batches.

    On AWS one action covers single calls and batches. The engine checks batches against actions that AWS does not have,
    such as `sqs:SendMessageBatch`.
    """
    iam = engine.client("iam")
    for page in iam.get_paginator("list_roles").paginate():
        for role in page["Roles"]:
            name = role["RoleName"]
            policies = iam.list_role_policies(RoleName=name)["PolicyNames"]
            statements = [
                {**statement, "Action": batches}
                for policy in policies
                if policy != SQS_POLICY
                for statement in iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]["Statement"]
                if (batches := [SQS_BATCHES[one] for one in _listed(statement["Action"]) if one in SQS_BATCHES])
            ]
            if statements:
                document = json.dumps({"Version": "2012-10-17", "Statement": statements})
                iam.put_role_policy(RoleName=name, PolicyName=SQS_POLICY, PolicyDocument=document)
            elif SQS_POLICY in policies:
                iam.delete_role_policy(RoleName=name, PolicyName=SQS_POLICY)


def show_page_without_tls(engine: Engine, site: Mapping[str, str]) -> None:
    """Makes the page work in a browser that speaks plain HTTP with the engine. `site` holds the outputs of its stack.

    CloudFront no longer redirects to HTTPS, and the content security policy and `config.json` name the engine's
    addresses instead of AWS's. Each deployment writes AWS's addresses again, so this has to follow each of them.
    """
    cloudfront = engine.client("cloudfront")
    distribution = cloudfront.get_distribution_config(Id=site["DistributionId"])
    behavior = distribution["DistributionConfig"]["DefaultCacheBehavior"]
    if behavior["ViewerProtocolPolicy"] != "allow-all":
        behavior["ViewerProtocolPolicy"] = "allow-all"
        cloudfront.update_distribution(
            Id=site["DistributionId"],
            IfMatch=distribution["ETag"],
            DistributionConfig=distribution["DistributionConfig"],
        )

    headers = behavior["ResponseHeadersPolicyId"]
    policy = cloudfront.get_response_headers_policy_config(Id=headers)
    csp = policy["ResponseHeadersPolicyConfig"]["SecurityHeadersConfig"]["ContentSecurityPolicy"]
    text = re.sub(f"{ON_AWS}( {ON_AWS})*", engine.settings.endpoint, csp["ContentSecurityPolicy"])
    if text != csp["ContentSecurityPolicy"]:
        csp["ContentSecurityPolicy"] = text
        cloudfront.update_response_headers_policy(
            Id=headers, IfMatch=policy["ETag"], ResponseHeadersPolicyConfig=policy["ResponseHeadersPolicyConfig"]
        )

    s3 = engine.client("s3")
    file = s3.get_object(Bucket=site["SiteBucketName"], Key=PAGE_CONFIG)
    published = file["Body"].read().decode()
    config = json.loads(published)
    addresses = ("signIn", "ordersApi", "remindersApi", "accountApi")
    # The page of an earlier version has fewer addresses.
    config |= {name: _on_the_laptop(engine.settings, config[name]) for name in addresses if name in config}
    if "figures" in config:
        config["figures"]["address"] = _on_the_laptop(engine.settings, config["figures"]["address"])
    if config != json.loads(published):
        s3.put_object(
            Bucket=site["SiteBucketName"],
            Key=PAGE_CONFIG,
            Body=json.dumps(config),
            ContentType=file["ContentType"],
            CacheControl=file["CacheControl"],
        )


def _on_the_laptop(settings: Settings, address: str) -> str:
    if not re.match(ON_AWS, address):
        return address
    return api_url(settings.endpoint, address) if ".execute-api." in address else f"{settings.endpoint}/"


def _client_behind_tls(engine: Engine, service: str) -> Any:
    """A client whose calls seem to come over TLS, through a proxy. The statements "TLS only" reject any other call."""
    client = engine.own_client(service)
    client.meta.events.register("before-sign", lambda request, **_: request.headers.add_header(*BEHIND_TLS))
    return client


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _without_tls_only(policy: dict[str, Any]) -> dict[str, Any]:
    statements = [s for s in policy["Statement"] if "aws:SecureTransport" not in s.get("Condition", {}).get("Bool", {})]
    return {**policy, "Statement": statements}
