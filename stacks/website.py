"""The web page: files in a private bucket behind CloudFront. The deployment publishes them."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from aws_cdk import CfnOutput, CustomResource, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as assets
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.layer import ROOT
from stacks.permissions import allow
from stacks.python_function import PythonFunction
from stacks.rest_api import STAGE_NAME, RestApi
from stacks.sources import links
from stacks.stage import Stage

FILES = ROOT / "website"
PUBLISHER = ROOT / "lambdas" / "publishing" / "publish_site.py"

PUBLISHING_SECONDS = 300
QUEUED_SECONDS = 60
"""How long Lambda may keep an event waiting. 60 is the least that Lambda allows."""

UNUSED_FEATURES = (
    "accelerometer",
    "camera",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "payment",
    "usb",
)
"""Browser features that the page never uses. An injected script may not use them either."""


class WebsiteStack(Stack):
    """Publishes the folder `website/` and a `config.json` with the addresses that the page needs.

    `queues` are the queues in the page's outbox, by the names that it shows. `dashboards` are the generated names of
    the dashboards whose figures it shows to operators, the first one first.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        client: cognito.IUserPoolClient,
        orders_api: RestApi,
        reminders_api: RestApi,
        account_api: RestApi,
        queues: Mapping[str, sqs.IQueue],
        dashboards: Mapping[str, str],
        stack_name: str,
    ) -> None:
        super().__init__(scope, id, stack_name=stack_name)

        # The page's configuration
        sign_in = f"https://cognito-idp.{self.region}.{self.url_suffix}"
        orders, reminders, account = (
            f"https://{api.rest_api_id}.execute-api.{self.region}.{self.url_suffix}"
            for api in (orders_api, reminders_api, account_api)
        )
        monitoring = f"https://monitoring.{self.region}.{self.url_suffix}"
        figures = None
        if stage.figures_key:
            figures = {"address": f"{monitoring}/", "key": stage.figures_key, "dashboards": dict(dashboards)}
        config = {
            "signIn": f"{sign_in}/",
            "clientId": client.user_pool_client_id,
            "ordersApi": f"{orders}/{STAGE_NAME}",
            "remindersApi": f"{reminders}/{STAGE_NAME}",
            "accountApi": f"{account}/{STAGE_NAME}",
            "outbox": stage.outbox,
            # Queue URLs contain the account id, so they are published only together with the outbox.
            "queues": {name: queue.queue_url for name, queue in queues.items()} if stage.outbox else {},
            "demoUsers": stage.demo_users,
            "figures": figures,
            "behindTheScenes": links(stage.source_url) if stage.behind_the_scenes else None,
        }

        hosts = (sign_in, orders, reminders, account, *([monitoring] if figures else ()))

        # Bucket and distribution
        site = s3.Bucket(
            self,
            "Site",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            # Deleted in every stage: the bucket holds only copies of this repository's files.
            removal_policy=RemovalPolicy.DESTROY,
        )
        distribution = self._distribution(site, headers=self._headers(*hosts))

        # Publication
        published = self._publication(stage, config=config, site=site, distribution=distribution)
        # CloudFront may read the bucket only after everything is published. So the first visitor sees the complete
        # page or none.
        if site.policy:
            site.policy.node.add_dependency(published)

        # Outputs
        CfnOutput(self, "SiteUrl", value=f"https://{distribution.distribution_domain_name}/")
        CfnOutput(self, "DistributionId", value=distribution.distribution_id)
        CfnOutput(self, "SiteBucketName", value=site.bucket_name)

    def _distribution(self, site: s3.Bucket, *, headers: cloudfront.IResponseHeadersPolicy) -> cloudfront.Distribution:
        return cloudfront.Distribution(
            self,
            "Distribution",
            comment=self.stack_name,
            default_behavior=cloudfront.BehaviorOptions(
                origin=origins.S3BucketOrigin.with_origin_access_control(
                    site,
                    origin_access_control=cloudfront.S3OriginAccessControl(
                        self,
                        "OriginAccessControl",
                        # These names must be unique in the whole account, so they contain the region.
                        origin_access_control_name=f"{self.stack_name}-{self.region}",
                        signing=cloudfront.Signing.SIGV4_ALWAYS,
                    ),
                ),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD,
                # Caches files as the publisher's Cache-Control says, for a year at most, compressed.
                cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
                response_headers_policy=headers,
                compress=True,
            ),
            default_root_object="index.html",
            # S3 answers 403 for a missing file, because CloudFront may not list the bucket.
            # See decision D081.
            error_responses=[
                cloudfront.ErrorResponse(
                    http_status=403,
                    response_http_status=404,
                    response_page_path="/404.html",
                    ttl=Duration.seconds(10),
                )
            ],
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            enable_ipv6=True,
            # CloudFront chooses the minimum TLS version for its own certificate, and would ignore our setting.
            # The page has no access logs, and the lowest price class. See decision D083.
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
        )

    def _headers(self, *hosts: str) -> cloudfront.ResponseHeadersPolicy:
        """The headers of every response. The page's scripts may call `hosts`. See decision D082."""
        policy = {
            "default-src": "'none'",
            "script-src": "'self'",
            "style-src": "'self'",
            "img-src": "'self' data:",
            "font-src": "'self'",
            "manifest-src": "'self'",
            "connect-src": " ".join(("'self'", *hosts)),
            "base-uri": "'none'",
            "form-action": "'none'",
            "frame-ancestors": "'none'",
            "require-trusted-types-for": "'script'",
            "trusted-types": "lit-html",
        }
        own = {
            "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED_FEATURES),
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        return cloudfront.ResponseHeadersPolicy(
            self,
            "Headers",
            response_headers_policy_name=f"{self.stack_name}-{self.region}",
            security_headers_behavior=cloudfront.ResponseSecurityHeadersBehavior(
                content_security_policy=cloudfront.ResponseHeadersContentSecurityPolicy(
                    content_security_policy="; ".join(f"{name} {value}" for name, value in policy.items()),
                    override=True,
                ),
                strict_transport_security=cloudfront.ResponseHeadersStrictTransportSecurity(
                    access_control_max_age=Duration.days(730), include_subdomains=True, override=True
                ),
                content_type_options=cloudfront.ResponseHeadersContentTypeOptions(override=True),
                frame_options=cloudfront.ResponseHeadersFrameOptions(
                    frame_option=cloudfront.HeadersFrameOption.DENY, override=True
                ),
                referrer_policy=cloudfront.ResponseHeadersReferrerPolicy(
                    referrer_policy=cloudfront.HeadersReferrerPolicy.NO_REFERRER, override=True
                ),
            ),
            custom_headers_behavior=cloudfront.ResponseCustomHeadersBehavior(
                custom_headers=[
                    cloudfront.ResponseCustomHeader(header=name, value=value, override=True)
                    for name, value in own.items()
                ]
            ),
        )

    def _publication(
        self, stage: Stage, *, config: Mapping[str, Any], site: s3.Bucket, distribution: cloudfront.Distribution
    ) -> CustomResource:
        """Publishes the files and `config` when one of them has changed."""
        # Only the type check reads *.d.ts; browsers do not load them.
        files = assets.Asset(self, "Files", path=str(FILES), exclude=["**/.*", "**/*.d.ts"])
        publish = self._publisher(stage, files=files, site=site, distribution=distribution)
        published = CustomResource(
            self,
            "PublishedSite",
            resource_type="Custom::PublishedSite",
            service_token=publish.function_arn,
            # Longer than an event may wait and run. When CloudFormation gives up on an event, nobody processes it
            # later.
            service_timeout=Duration.seconds(QUEUED_SECONDS + PUBLISHING_SECONDS + 60),
            properties={
                # The key is a hash of the files, so a changed file makes CloudFormation publish again.
                "Archive": {"Bucket": files.s3_bucket_name, "Key": files.s3_object_key},
                "Site": site.bucket_name,
                "Distribution": distribution.distribution_id,
                # A JSON text, because CloudFormation has no null. CDK's own `to_json_string` leaves nulls out, too.
                "Config": json.dumps(config),
                "Publisher": hashlib.sha256(PUBLISHER.read_bytes()).hexdigest(),
            },
        )
        published.node.add_dependency(publish)
        return published

    def _publisher(
        self, stage: Stage, *, files: assets.Asset, site: s3.Bucket, distribution: cloudfront.Distribution
    ) -> lambda_.Function:
        publish = PythonFunction(
            self,
            "PublishSite",
            stage=stage,
            description="Publishes the page when the stack is deployed.",
            handler="publishing.publish_site.handler",
            memory=512,
            timeout=PUBLISHING_SECONDS,
            traced=False,
            environment={},
        )
        # No retries and no long waits: a delayed event would publish an old page.
        publish.configure_async_invoke(retry_attempts=0, max_event_age=Duration.seconds(QUEUED_SECONDS))
        # CDK's grants would allow more actions, and the files of all stacks.
        allow(publish, "s3:GetObject", on=files.bucket.arn_for_objects(files.s3_object_key))
        allow(publish, "s3:ListBucket", on=site.bucket_arn)
        allow(publish, "s3:PutObject", "s3:DeleteObject", on=site.arn_for_objects("*"))
        allow(
            publish,
            "cloudfront:CreateInvalidation",
            "cloudfront:GetInvalidation",
            on=self.format_arn(
                service="cloudfront", region="", resource="distribution", resource_name=distribution.distribution_id
            ),
        )
        return publish
