"""The page: a bucket that only CloudFront reads, and headers that block injected scripts."""

import json
import shutil
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_cognito as cognito

from local import users
from stacks import sources, website
from stacks.config import DEV
from stacks.stage import LAPTOP_ACCOUNT
from tests.support.templates.deployment import CDK_CONTEXT, Deployment


@pytest.fixture
def distribution(deployment):
    return deployment.only("AWS::CloudFront::Distribution")["DistributionConfig"]


@pytest.fixture
def headers(deployment):
    return deployment.only("AWS::CloudFront::ResponseHeadersPolicy")["ResponseHeadersPolicyConfig"]


@pytest.fixture
def policy(deployment, headers):
    """The content security policy by its directives."""
    csp = headers["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    directives = [directive.split() for directive in deployment.named("Website", csp).split("; ")]
    return {name: values for name, *values in directives}


def published(deployment: Deployment) -> dict:
    return deployment.only("Custom::PublishedSite")


def test_the_bucket_is_private_encrypted_and_owned_by_the_account(deployment):
    bucket = deployment.only("AWS::S3::Bucket")

    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert bucket.keys() == {"PublicAccessBlockConfiguration", "OwnershipControls", "BucketEncryption"}


def test_the_bucket_is_deleted_in_every_stage(deployment):
    (bucket,) = deployment.resources("AWS::S3::Bucket").values()

    assert (bucket["DeletionPolicy"], bucket["UpdateReplacePolicy"]) == ("Delete", "Delete")


def test_only_its_distribution_reads_the_bucket_and_only_over_tls(deployment):
    denied, allowed = deployment.only("AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]

    assert denied["Effect"] == "Deny" and denied["Action"] == "s3:*" and denied["Principal"] == {"AWS": "*"}
    assert denied["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert allowed["Effect"] == "Allow" and allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert allowed["Action"] == "s3:GetObject"
    assert deployment.named("Website", allowed["Resource"]) == "Website/Site.Arn/*"
    source = deployment.named("Website", allowed["Condition"]["StringEquals"]["AWS:SourceArn"])
    assert source == "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/Website/Distribution"


def test_cloudfront_signs_what_it_reads(deployment, distribution):
    (origin,) = distribution["Origins"]
    assert distribution["DefaultCacheBehavior"]["TargetOriginId"] == origin["Id"]

    assert deployment.named("Website", origin["OriginAccessControlId"]) == "Website/OriginAccessControl.Id"
    control = deployment.only("AWS::CloudFront::OriginAccessControl")["OriginAccessControlConfig"]
    assert (control["SigningBehavior"], control["SigningProtocol"]) == ("always", "sigv4")
    assert (control["OriginAccessControlOriginType"], origin["S3OriginConfig"]) == ("s3", {"OriginAccessIdentity": ""})


def test_browsers_are_served_over_https_compressed_by_http_3_and_ipv6(distribution):
    behavior = distribution["DefaultCacheBehavior"]

    assert behavior["ViewerProtocolPolicy"] == "redirect-to-https"
    assert behavior["AllowedMethods"] == ["GET", "HEAD"]
    assert behavior["Compress"] is True
    assert distribution["HttpVersion"] == "http2and3"
    assert distribution["IPV6Enabled"] is distribution["Enabled"] is True
    # North America and Europe: decision D083.
    assert distribution["PriceClass"] == "PriceClass_100"
    # The policy that AWS calls CachingOptimized follows the Cache-Control of the files.
    # https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/using-managed-cache-policies.html
    assert behavior["CachePolicyId"] == "658327ea-f89d-4fab-a63d-7e88639e58f6"
    assert distribution["DefaultRootObject"] == "index.html"


def test_a_missing_file_is_answered_with_our_404_page(distribution):
    """S3 answers 403 to a reader that may not list the bucket."""
    (answer,) = distribution["CustomErrorResponses"]

    assert (answer["ErrorCode"], answer["ResponseCode"]) == (403, 404)
    # A file that a deployment adds must not stay missing for long.
    assert answer["ErrorCachingMinTTL"] == 10
    assert (website.FILES / answer["ResponsePagePath"].removeprefix("/")).is_file()
    assert (website.FILES / distribution["DefaultRootObject"]).is_file()


def test_every_response_has_the_security_headers(deployment, headers, distribution):
    security = {name: {**one} for name, one in headers["SecurityHeadersConfig"].items()}
    del security["ContentSecurityPolicy"]
    custom = {one["Header"]: one["Value"] for one in headers["CustomHeadersConfig"]["Items"]}

    behavior = distribution["DefaultCacheBehavior"]
    assert deployment.named("Website", behavior["ResponseHeadersPolicyId"]) == "Website/Headers"
    assert "CacheBehaviors" not in distribution
    assert security == {
        "StrictTransportSecurity": {"AccessControlMaxAgeSec": 63072000, "IncludeSubdomains": True, "Override": True},
        "ContentTypeOptions": {"Override": True},
        "FrameOptions": {"FrameOption": "DENY", "Override": True},
        "ReferrerPolicy": {"ReferrerPolicy": "no-referrer", "Override": True},
    }
    assert custom["Cross-Origin-Opener-Policy"] == custom["Cross-Origin-Resource-Policy"] == "same-origin"
    assert all(one["Override"] is True for one in headers["CustomHeadersConfig"]["Items"])
    assert headers["SecurityHeadersConfig"]["ContentSecurityPolicy"]["Override"] is True
    assert {"camera=()", "geolocation=()", "microphone=()"} <= set(custom["Permissions-Policy"].split(", "))


def test_only_the_pages_own_files_run_or_load(policy):
    assert (
        policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == ["'none'"]
    )
    assert policy["script-src"] == policy["style-src"] == policy["font-src"] == policy["manifest-src"] == ["'self'"]
    assert policy["img-src"] == ["'self'", "data:"]
    assert policy["require-trusted-types-for"] == ["'script'"]
    assert policy["trusted-types"] == ["lit-html"]
    assert not [value for values in policy.values() for value in values if "unsafe" in value or "*" in value]


THE_SERVICES = [
    "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}",
    "https://Orders/OrdersApi.execute-api.${AWS::Region}.${AWS::URLSuffix}",
    "https://Reminders/RemindersApi.execute-api.${AWS::Region}.${AWS::URLSuffix}",
    "https://Account/AccountApi.execute-api.${AWS::Region}.${AWS::URLSuffix}",
]


def test_the_page_talks_to_its_own_host_sign_in_and_the_apis(deployment, policy):
    itself, *hosts = policy["connect-src"]

    assert itself == "'self'"
    monitoring = ["https://monitoring.${AWS::Region}.${AWS::URLSuffix}"] if deployment.stage.figures_key else []
    assert hosts == [*THE_SERVICES, *monitoring]


def test_the_config_holds_the_addresses_that_the_page_needs(deployment, policy):
    config = json.loads(deployment.named("Website", published(deployment)["Config"]))

    assert config.keys() == {
        "signIn",
        "clientId",
        "ordersApi",
        "remindersApi",
        "accountApi",
        "outbox",
        "queues",
        "demoUsers",
        "figures",
        "behindTheScenes",
    }
    assert config["signIn"] == "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}/"
    for api in ("ordersApi", "remindersApi", "accountApi"):
        assert not config[api].endswith("/")
        assert config[api].rpartition("/")[0] in policy["connect-src"]


def test_only_the_local_stage_offers_demo_users(deployment):
    config = json.loads(deployment.named("Website", published(deployment)["Config"]))

    is_local = deployment.stage.only_account == LAPTOP_ACCOUNT
    assert config["demoUsers"] == (f"/{users.PUBLISHED}" if is_local else None)
    assert not (website.FILES / users.PUBLISHED).exists()


def test_only_the_local_stage_shows_figures(deployment, policy):
    figures = json.loads(deployment.named("Website", published(deployment)["Config"]))["figures"]

    monitoring = "https://monitoring.${AWS::Region}.${AWS::URLSuffix}"
    if deployment.stage.only_account != LAPTOP_ACCOUNT:
        assert figures is None and monitoring not in policy["connect-src"]
        return
    assert figures["address"] == f"{monitoring}/" and monitoring in policy["connect-src"]
    assert figures["dashboards"] == {
        "operators": "Account/OperatorsDashboard",
        "orders": "Orders/OrdersDashboard",
        "reminders": "Reminders/RemindersDashboard",
    }


def test_every_file_and_symbol_that_the_page_names_exists():
    found = [*sources.sources()]

    for one in found:
        line = (sources.ROOT / one.path).read_text().splitlines()[one.line - 1]
        assert one.symbol in line
    assert sources.links("https://code.example")["lines"].keys() == {f"{one.path} {one.symbol}" for one in found}
    assert sources.links("/code") == {"source": "/code", "lines": {}}
    assert sources.links(None) == {"source": None, "lines": {}}


@pytest.mark.parametrize("wrong", [("lambdas/orders/order.py", "no_such_name"), ("lambdas/orders/no_file.py", "shown")])
def test_a_source_that_is_missing_is_named(wrong):
    with pytest.raises(sources.UnknownSourceError, match=wrong[0]):
        _ = sources.Source(*wrong).line


def test_only_the_local_stage_has_an_outbox(deployment):
    config = json.loads(deployment.named("Website", published(deployment)["Config"]))

    outbox = deployment.stage.outbox
    assert config["outbox"] == outbox
    # A queue's URL contains the account id.
    assert set(config["queues"]) == ({"OrderFulfillmentQueue", "EscalationQueue", "ParkedQueue"} if outbox else set())


def test_cloudfront_may_read_only_after_everything_is_published(deployment):
    (policy,) = deployment.resources("AWS::S3::BucketPolicy").values()
    (site,) = (
        name for name, one in deployment.templates["Website"]["Resources"].items() if one["Type"].startswith("Custom")
    )

    assert site in policy["DependsOn"]


def test_no_event_is_processed_after_cloudformation_has_given_up_on_it(deployment):
    function = deployment.properties("AWS::Lambda::Function")["Website/PublishSite"]
    invoked = deployment.only("AWS::Lambda::EventInvokeConfig")

    assert invoked["MaximumRetryAttempts"] == 0
    longest = invoked["MaximumEventAgeInSeconds"] + function["Timeout"]
    assert longest < int(published(deployment)["ServiceTimeout"]) < 3600


def test_the_publisher_reads_one_archive_and_writes_one_bucket(deployment):
    archive = published(deployment)["Archive"]
    granted = {
        (action, resource)
        for role, statement in deployment.statements()
        if role == "Website/PublishSiteRole"
        for action in statement["Action"]
        for resource in statement["Resource"]
        if not action.startswith("logs:")
    }

    bucket = deployment.named("Website", archive["Bucket"])
    distribution = "arn:${AWS::Partition}:cloudfront::${AWS::AccountId}:distribution/Website/Distribution"
    assert granted == {
        ("s3:GetObject", f"arn:${{AWS::Partition}}:s3:::{bucket}/{archive['Key']}"),
        ("s3:ListBucket", "Website/Site.Arn"),
        ("s3:PutObject", "Website/Site.Arn/*"),
        ("s3:DeleteObject", "Website/Site.Arn/*"),
        ("cloudfront:CreateInvalidation", distribution),
        ("cloudfront:GetInvalidation", distribution),
    }


def published_from(folder: Path) -> dict:
    """What the stack publishes. Without the other stacks, synthesis takes a tenth of the time."""
    cdk_app = cdk.App(outdir=str(folder), context=CDK_CONTEXT, tree_metadata=False)
    others = cdk.Stack(cdk_app, "Others")
    api = apigateway.RestApi.from_rest_api_id(others, "Api", "api")
    website.WebsiteStack(
        cdk_app,
        "Website",
        stage=DEV,
        client=cognito.UserPoolClient.from_user_pool_client_id(others, "Client", "client"),
        orders_api=api,
        reminders_api=api,
        account_api=api,
        queues={},
        dashboards={},
        stack_name="dev-website",
    )
    template = cdk_app.synth().get_stack_by_name("dev-website").template
    (site,) = (one["Properties"] for one in template["Resources"].values() if one["Type"] == "Custom::PublishedSite")
    return site


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory) -> dict:
    """What the stack publishes from the real files. Pytest makes it before `copies` replaces them."""
    return published_from(tmp_path_factory.mktemp("cdk.out"))


@pytest.fixture
def copies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies of the page's files and of the publisher, which the stack uses instead of the real ones."""
    shutil.copytree(website.FILES, tmp_path / "files")
    shutil.copy(website.PUBLISHER, tmp_path / "publish_site.py")
    monkeypatch.setattr(website, "FILES", tmp_path / "files")
    monkeypatch.setattr(website, "PUBLISHER", tmp_path / "publish_site.py")
    return tmp_path


@pytest.mark.parametrize("changed", ["files/index.html", "files/404.html", "files/new.js", "publish_site.py"])
def test_a_changed_file_or_publisher_is_published_again(changed, unchanged, copies, tmp_path):
    with (copies / changed).open("a") as file:
        file.write("\n")

    assert published_from(tmp_path / "out") != unchanged


@pytest.mark.parametrize("added", [".DS_Store", "vendor/new.d.ts"])
def test_hidden_files_and_types_are_not_published(added, unchanged, copies, tmp_path):
    (copies / "files" / added).write_text("x")

    assert published_from(tmp_path / "out") == unchanged


def test_account_wide_names_contain_the_stack_and_the_region(deployment, headers):
    control = deployment.only("AWS::CloudFront::OriginAccessControl")["OriginAccessControlConfig"]

    for name in (control["Name"], headers["Name"]):
        assert deployment.named("Website", name) == f"{deployment.stage.name}-website-${{AWS::Region}}"
