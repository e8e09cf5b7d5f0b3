"""What the engine does otherwise than AWS, and how the laptop cloud makes up for it.

docs/local.md lists each gap; tests/local/test_gaps.py notices when one is gone, and then its function here goes too.
"""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from local.addresses import api_url
from local.engine import ENGINE_NAME, Engine
from local.settings import Settings

PAGE_CONFIG = "config.json"

SES_POLICY = "SesAsTheEngineAsks"
SES_GRANT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "ses:SendEmail", "Resource": "*"}],
}
ON_AWS = r"https://([a-z0-9-]+)\.[a-z0-9.-]+\.amazonaws\.com"
"""The origin of a service; of a REST API its id is the first label."""
SQS_POLICY = "SqsBatchesAsTheEngineAsks"
SQS_BATCHES = {f"sqs:{one}": f"sqs:{one}Batch" for one in ("SendMessage", "DeleteMessage", "ChangeMessageVisibility")}
BEHIND_TLS = ("X-Forwarded-Proto", "https")


def allow_plain_http(engine: Engine) -> None:
    """Drops the statements "TLS only" from the policies of queues, topics and buckets.

    The engine speaks plain HTTP on 127.0.0.1 and enforces these statements, so nothing could be queued or deployed.
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
    """Gives each role that may send e-mail the same permission in the form in which the engine asks for it.

    AWS asks for it on the identity, with the sender as a condition key; the engine asks for it on `*`, with no keys.
    A role whose template grants nothing gets nothing here.
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
    """Gives each role that may send, delete or let go of messages the permission to do so with ten at a time.

    AWS has one permission for both; the engine asks for another one, of a name that there is not on AWS.
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
    """Makes the page of the stack whose outputs are `site` work in a browser that speaks plain HTTP with the engine.

    CloudFront no longer redirects to HTTPS, and what names addresses on AWS, the policy "CSP" and `config.json`, names
    the engine's. The deployment writes them as its template has them; here they are written once more.
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
    told = re.sub(f"{ON_AWS}( {ON_AWS})*", engine.settings.endpoint, csp["ContentSecurityPolicy"])
    if told != csp["ContentSecurityPolicy"]:
        csp["ContentSecurityPolicy"] = told
        cloudfront.update_response_headers_policy(
            Id=headers, IfMatch=policy["ETag"], ResponseHeadersPolicyConfig=policy["ResponseHeadersPolicyConfig"]
        )

    s3 = engine.client("s3")
    file = s3.get_object(Bucket=site["SiteBucketName"], Key=PAGE_CONFIG)
    published = file["Body"].read().decode()
    config = json.loads(published)
    config |= {name: _on_the_laptop(engine.settings, config[name]) for name in ("signIn", "ordersApi", "remindersApi")}
    if config != json.loads(published):
        s3.put_object(
            Bucket=site["SiteBucketName"],
            Key=PAGE_CONFIG,
            Body=json.dumps(config),
            ContentType=file["ContentType"],
            CacheControl=file["CacheControl"],
        )


def site_url(settings: Settings, url: str) -> str:
    """Where the engine serves the page whose address on AWS would be `url`, the stack output."""
    label = urlsplit(url).netloc.partition(".")[0]
    return f"http://{label}.cloudfront.{ENGINE_NAME}:{settings.port}/"


def _on_the_laptop(settings: Settings, address: str) -> str:
    if not re.match(ON_AWS, address):
        return address
    return api_url(settings.endpoint, address) if ".execute-api." in address else f"{settings.endpoint}/"


def _client_behind_tls(engine: Engine, service: str) -> Any:
    """A client whose calls the engine takes for TLS that a proxy has ended; else it could not undo such a policy."""
    client = engine.own_client(service)
    client.meta.events.register("before-sign", lambda request, **_: request.headers.add_header(*BEHIND_TLS))
    return client


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _without_tls_only(policy: dict[str, Any]) -> dict[str, Any]:
    statements = [s for s in policy["Statement"] if "aws:SecureTransport" not in s.get("Condition", {}).get("Bool", {})]
    return {**policy, "Statement": statements}
