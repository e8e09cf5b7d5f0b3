"""The web page: files in a private bucket, shown by CloudFront, published by the deployment itself."""

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

from stacks.config import Stage
from stacks.layer import ROOT
from stacks.permissions import allow
from stacks.python_function import PythonFunction
from stacks.rest_api import STAGE_NAME, RestApi

FILES = ROOT / "website"
PUBLISHER = ROOT / "lambdas" / "publishing" / "publish_site.py"

PUBLISHING_SECONDS = 300
QUEUED_SECONDS = 60
"""For how long Lambda may hold an event back; it allows no less."""

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
"""What the page never asks the browser for, and no script that got into it may."""


class WebsiteStack(Stack):
    """Publishes the folder `website/` and, beside it, `config.json`, which tells the page where everything is.

    `queues` are those the page's outbox shows, by the names it shows.
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
        queues: Mapping[str, sqs.IQueue],
        stack_name: str,
    ) -> None:
        super().__init__(scope, id, stack_name=stack_name)

        # Where everything is
        sign_in = f"https://cognito-idp.{self.region}.{self.url_suffix}"
        orders, reminders = (
            f"https://{api.rest_api_id}.execute-api.{self.region}.{self.url_suffix}"
            for api in (orders_api, reminders_api)
        )
        config = {
            "signIn": f"{sign_in}/",
            "clientId": client.user_pool_client_id,
            "ordersApi": f"{orders}/{STAGE_NAME}",
            "remindersApi": f"{reminders}/{STAGE_NAME}",
            "outbox": stage.outbox,
            # Whose names tell the account: for who may see what lies in them.
            "queues": {name: queue.queue_url for name, queue in queues.items()} if stage.outbox else {},
        }

        # What is shown
        site = s3.Bucket(
            self,
            "Site",
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            encryption=s3.BucketEncryption.S3_MANAGED,
            enforce_ssl=True,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            # In every stage: what it holds is a copy of this repository's files.
            removal_policy=RemovalPolicy.DESTROY,
        )
        distribution = self._distribution(site, headers=self._headers(sign_in, orders, reminders))

        # What publishes
        published = self._publication(stage, config=config, site=site, distribution=distribution)
        # CloudFront may read when everything is there: the first visitor sees a whole page or none.
        if site.policy:
            site.policy.node.add_dependency(published)

        # What people need
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
                        # These names are the account's, in whatever region the stack stands.
                        origin_access_control_name=f"{self.stack_name}-{self.region}",
                        signing=cloudfront.Signing.SIGV4_ALWAYS,
                    ),
                ),
                viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
                allowed_methods=cloudfront.AllowedMethods.ALLOW_GET_HEAD,
                # Keeps what the publisher's Cache-Control says, compressed with Brotli or gzip, for a year at most.
                cache_policy=cloudfront.CachePolicy.CACHING_OPTIMIZED,
                response_headers_policy=headers,
                compress=True,
            ),
            default_root_object="index.html",
            # S3 answers 403 for what is not there: CloudFront may not list the bucket, so it may not know.
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
            # The least TLS is CloudFront's to choose for its own certificate: a setting of ours would be ignored.
            price_class=cloudfront.PriceClass.PRICE_CLASS_100,
        )

    def _headers(self, *hosts: str) -> cloudfront.ResponseHeadersPolicy:
        """What every answer says to the browser; `hosts` are those that the page's script talks to."""
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
        # Only the checks read the types; no browser loads them.
        files = assets.Asset(self, "Files", path=str(FILES), exclude=["**/.*", "**/*.d.ts"])
        publish = self._publisher(stage, files=files, site=site, distribution=distribution)
        published = CustomResource(
            self,
            "PublishedSite",
            resource_type="Custom::PublishedSite",
            service_token=publish.function_arn,
            # When CloudFormation gives an event up, nobody works on it any more, nor will.
            service_timeout=Duration.seconds(QUEUED_SECONDS + PUBLISHING_SECONDS + 60),
            properties={
                # The key is the files' hash: another file, another key, and so published again.
                "Archive": {"Bucket": files.s3_bucket_name, "Key": files.s3_object_key},
                "Site": site.bucket_name,
                "Distribution": distribution.distribution_id,
                # As text, for CloudFormation knows no null; nor does CDK's own way to write it.
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
            environment={},
        )
        # An event is worked on at once or not at all: a late one would bring an old page back.
        publish.configure_async_invoke(retry_attempts=0, max_event_age=Duration.seconds(QUEUED_SECONDS))
        # CDK's grants name more actions, and all files of all stacks.
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
