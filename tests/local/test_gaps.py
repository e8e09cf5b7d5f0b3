"""The engine still has each gap that docs/local.md lists. If a test fails, its gap is closed: delete the workaround."""

import base64
import gzip
import inspect
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, SSLError
from ministack.services import dynamodb

from local import deploy, pythons, users
from local.cloud import Cloud, Places
from local.engine import send
from local.settings import ACCOUNT, REGION
from local.users import PERSON
from tests.support.cloud.apps import is_finished
from tests.support.cloud.site import fetch
from tests.support.names import unique
from tests.support.waiting import eventually


@pytest.fixture
def client(cloud: Cloud) -> Callable[[str], Any]:
    return cloud.engine.client


@pytest.fixture
def name() -> str:
    return unique("gap-")


@pytest.fixture
def powerless_role(client: Callable[[str], Any], name: str) -> str:
    """A role without permissions, which Lambda and Step Functions may assume."""
    services = {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]}
    trust = {"Statement": [{"Effect": "Allow", "Principal": services, "Action": "sts:AssumeRole"}]}
    role = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    return str(role["Role"]["Arn"])


@pytest.fixture
def function(client: Callable[[str], Any], name: str, powerless_role: str) -> Iterator[str]:
    """A function that returns its Python version. For `"raise"` and for requests of an API it raises a ValueError."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr(
            "told.py",
            "import platform\n"
            "def handler(event, context):\n"
            "    if event == 'raise' or 'httpMethod' in event:\n"
            "        raise ValueError\n"
            "    return platform.python_version()\n",
        )
    client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Architectures=["arm64"],
        Handler="told.handler",
        Role=powerless_role,
        Code={"ZipFile": code.getvalue()},
    )
    yield name
    client("lambda").delete_function(FunctionName=name)


def run_workflow(client: Callable[[str], Any], name: str, role: str, state: dict[str, Any]) -> dict[str, Any]:
    """Runs a workflow of one state, with the input `{}`, until it ends."""
    states = client("stepfunctions")
    definition = {"QueryLanguage": "JSONata", "StartAt": "Only", "States": {"Only": state}}
    machine = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=role)
    execution = states.start_execution(stateMachineArn=machine["stateMachineArn"], input="{}")["executionArn"]

    description: dict[str, Any] = eventually(
        lambda: states.describe_execution(executionArn=execution), until=is_finished
    )
    states.delete_state_machine(stateMachineArn=machine["stateMachineArn"])
    return description


def test_plain_http_is_refused_by_a_tls_only_policy(client: Callable[[str], Any], name: str) -> None:
    sqs = client("sqs")
    statement = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    url = sqs.create_queue(QueueName=name, Attributes={"Policy": policy})["QueueUrl"]

    with pytest.raises(ClientError, match="AccessDenied"):
        sqs.send_message(QueueUrl=url, MessageBody="hello")

    sqs.delete_queue(QueueUrl=url)


def test_ses_permissions_are_checked_on_everything_and_without_the_sender(
    cloud: Cloud, places: Places, name: str
) -> None:
    iam = cloud.engine.client("iam")
    statement = {
        "Effect": "Allow",
        "Action": "ses:SendEmail",
        "Resource": f"arn:aws:ses:{REGION}:{ACCOUNT}:identity/*",
        "Condition": {"StringEquals": {"ses:FromAddress": places.sender}},
    }
    iam.create_user(UserName=name)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="Send", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    ses = boto3.client(
        "ses",
        endpoint_url=cloud.settings.endpoint,
        region_name=REGION,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )

    with pytest.raises(ClientError, match="not authorized to perform: ses:SendEmail"):
        ses.send_email(
            Source=places.sender,
            Destination={"ToAddresses": ["ada@example.com"]},
            Message={"Subject": {"Data": "x"}, "Body": {"Text": {"Data": "x"}}},
        )


def test_batches_of_messages_are_checked_against_other_actions(cloud: Cloud, places: Places, name: str) -> None:
    iam = cloud.engine.client("iam")
    statement = {"Effect": "Allow", "Action": ["sqs:ReceiveMessage", "sqs:ChangeMessageVisibility"], "Resource": "*"}
    iam.create_user(UserName=name)
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="Look", PolicyDocument=policy)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    sqs = boto3.client(
        "sqs",
        endpoint_url=cloud.settings.endpoint,
        region_name=REGION,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    entries = [{"Id": "0", "ReceiptHandle": "none", "VisibilityTimeout": 0}]

    with pytest.raises(ClientError, match="not authorized to perform: sqs:ChangeMessageVisibilityBatch"):
        sqs.change_message_visibility_batch(QueueUrl=places.parked_queue, Entries=entries)


def test_an_api_reports_an_address_on_aws(cloud: Cloud) -> None:
    assert deploy.outputs(cloud.engine)["local-orders"]["ApiUrl"].endswith(f".execute-api.{REGION}.amazonaws.com/v1/")


def test_a_distribution_reports_an_address_on_aws(cloud: Cloud) -> None:
    assert deploy.outputs(cloud.engine)["local-website"]["SiteUrl"].endswith(".cloudfront.net/")


def test_the_address_that_a_distribution_redirects_to_does_not_answer(cloud: Cloud, places: Places) -> None:
    with pytest.raises(SSLError):
        send("GET", f"https://127.0.0.1:{cloud.settings.port}/")


def test_cloudfront_does_not_compress(client: Callable[[str], Any], cloud: Cloud, places: Places, name: str) -> None:
    object = {"Bucket": deploy.outputs(cloud.engine)["local-website"]["SiteBucketName"], "Key": f"{name}.js"}
    client("s3").put_object(**object, Body=b"run();" * 1000, ContentType="text/javascript; charset=utf-8")

    answer = fetch(places.site, f"/{name}.js", headers={"Accept-Encoding": "br, gzip"})

    assert (answer.status, answer.headers["Content-Encoding"]) == (200, None)
    client("s3").delete_object(**object)


def test_cloudfront_does_not_cache(client: Callable[[str], Any], cloud: Cloud, places: Places, name: str) -> None:
    object = {"Bucket": deploy.outputs(cloud.engine)["local-website"]["SiteBucketName"], "Key": f"{name}.txt"}
    for body in (b"before", b"after"):
        client("s3").put_object(**object, Body=body, CacheControl="s-maxage=31536000")
        assert fetch(places.site, f"/{name}.txt").body == body

    client("s3").delete_object(**object)


@pytest.mark.parametrize("type", ["AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"])
def test_rules_of_security_groups_cannot_be_resources(client: Callable[[str], Any], name: str, type: str) -> None:
    template = {"Resources": {"Rule": {"Type": type, "Properties": {"IpProtocol": "tcp", "GroupId": "sg-1"}}}}

    with pytest.raises(ClientError, match="Unrecognized resource types"):
        client("cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))


def test_the_role_of_a_workflow_is_not_evaluated(
    client: Callable[[str], Any], name: str, powerless_role: str, places: Places
) -> None:
    parameters = {"TopicArn": places.topic, "Message": "not permitted"}
    state = {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Arguments": parameters, "End": True}

    execution = run_workflow(client, name, powerless_role, state)

    assert execution["status"] == "SUCCEEDED"


def test_functions_run_on_a_python_of_this_machine(client: Callable[[str], Any], function: str, cloud: Cloud) -> None:
    """The Python has Lambda's version if the machine has it."""
    runtime = client("lambda").get_function_configuration(FunctionName=function)["Runtime"]
    here = pythons.of(runtime, os.pathsep.join(pythons.folders(os.environ)))

    answer = client("lambda").invoke(FunctionName=function, Payload=b"{}")

    assert json.loads(answer["Payload"].read()) == here.version
    assert cloud.engine.pythons() == {here.version}


def test_apis_write_no_access_logs(cloud: Cloud, places: Places) -> None:
    gateway, logs = cloud.engine.client("apigateway"), cloud.engine.client("logs")
    *_, api, stage = places.orders_api.split("/")
    groups = [group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]]
    (group,) = (name for name in groups if "local-" in name and "OrdersApiLogGroup" in name)

    assert send("GET", f"{places.orders_api}/orders/gap", token=cloud.sign_in(PERSON)).status_code == 404

    assert gateway.get_stage(restApiId=api, stageName=stage)["accessLogSettings"] == {}
    assert logs.filter_log_events(logGroupName=group)["events"] == []


def test_ses_reports_nothing(client: Callable[[str], Any], name: str) -> None:
    """On AWS a mail to this address of SES's simulator bounces."""
    events, queues, ses = client("events"), client("sqs"), client("sesv2")
    queue = queues.create_queue(QueueName=name)["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["aws.ses", name]}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    ses.create_configuration_set(ConfigurationSetName=name)
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    destination = {
        "Enabled": True,
        "MatchingEventTypes": ["BOUNCE"],
        "EventBridgeDestination": {"EventBusArn": bus},
    }
    ses.create_configuration_set_event_destination(
        ConfigurationSetName=name, EventDestinationName=name, EventDestination=destination
    )
    ses.create_email_identity(EmailIdentity=f"{name}@example.com")

    ses.send_email(
        FromEmailAddress=f"{name}@example.com",
        Destination={"ToAddresses": ["bounce@simulator.amazonses.com"]},
        Content={"Simple": {"Subject": {"Data": name}, "Body": {"Text": {"Data": name}}}},
        ConfigurationSetName=name,
    )
    # The bus works, and this event comes after what SES might have put there.
    events.put_events(Entries=[{"Source": name, "DetailType": name, "Detail": "{}"}])

    def sources() -> set[str]:
        received = queues.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        return {json.loads(one["Body"])["source"] for one in received}

    assert eventually(sources, until=bool) == {name}
    events.remove_targets(Rule=name, Ids=["queue"])
    events.delete_rule(Name=name)


def test_an_exception_is_not_answered_in_the_form_of_the_api(
    client: Callable[[str], Any], cloud: Cloud, name: str, function: str
) -> None:
    gateway = client("apigateway")
    api = gateway.create_rest_api(name=name)
    target = {"restApiId": api["id"], "resourceId": api["rootResourceId"], "httpMethod": "GET"}
    gateway.put_method(**target, authorizationType="NONE")
    functions = f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions"
    arn = client("lambda").get_function(FunctionName=function)["Configuration"]["FunctionArn"]
    uri = f"{functions}/{arn}/invocations"
    gateway.put_integration(**target, type="AWS_PROXY", integrationHttpMethod="POST", uri=uri)
    words = {"application/json": '{"error": "ours"}'}
    gateway.put_gateway_response(restApiId=api["id"], responseType="DEFAULT_5XX", responseTemplates=words)
    gateway.create_deployment(restApiId=api["id"], stageName="v1")

    response = send("GET", f"{cloud.settings.endpoint}/_aws/execute-api/{api['id']}/v1/")

    assert response.status_code == 502
    assert "ValueError" in json.loads(response.text)["message"]
    gateway.delete_rest_api(restApiId=api["id"])


def test_functions_have_no_daemon_of_x_ray(client: Callable[[str], Any], name: str, powerless_role: str) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("told.py", "import os\ndef handler(event, context):\n    return dict(os.environ)\n")
    settings = {"TracingConfig": {"Mode": "Active"}, "Role": powerless_role, "Code": {"ZipFile": code.getvalue()}}
    client("lambda").create_function(FunctionName=name, Runtime="python3.13", Handler="told.handler", **settings)

    variables = json.load(client("lambda").invoke(FunctionName=name)["Payload"])

    client("lambda").delete_function(FunctionName=name)
    assert "Sampled=1" in variables["_X_AMZN_TRACE_ID"]
    assert "AWS_XRAY_DAEMON_ADDRESS" not in variables


def test_workflows_write_no_logs(client: Callable[[str], Any], cloud: Cloud, places: Places) -> None:
    states = cloud.engine.executions()
    order = json.dumps({"OrderId": "gap", "Name": "A", "ItemName": "B", "Price": "1", "CC": "4242424242424242"})
    execution = states.start_execution(stateMachineArn=places.order_workflow, input=order)["executionArn"]
    eventually(lambda: states.describe_execution(executionArn=execution), until=is_finished)

    groups = client("logs").describe_log_groups(logGroupNamePrefix="/aws/vendedlogs/states/local-")["logGroups"]

    resources = [
        resource["ResourceType"]
        for stack in (deploy.ORDERS_STACK, deploy.REMINDERS_STACK)
        for resource in client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    ]

    assert len(groups) == resources.count("AWS::StepFunctions::StateMachine") > 0
    assert not any(client("logs").filter_log_events(logGroupName=g["logGroupName"])["events"] for g in groups)


def test_a_vpc_does_not_isolate_a_function(
    client: Callable[[str], Any], cloud: Cloud, name: str, powerless_role: str
) -> None:
    """On AWS a function whose security group allows nothing reaches no service."""
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName=name, Description="gap", VpcId=vpc)["GroupId"]
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[everything])
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr(
            "caller.py",
            "import boto3\n"
            "def handler(event, context):\n"
            "    return boto3.client('sts').get_caller_identity()['Account']\n",
        )
    client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Architectures=["arm64"],
        Handler="caller.handler",
        Role=powerless_role,
        Code={"ZipFile": code.getvalue()},
        VpcConfig={"SubnetIds": [subnet], "SecurityGroupIds": [group]},
    )

    answer = client("lambda").invoke(FunctionName=name, Payload=b"{}")

    assert json.loads(answer["Payload"].read()) == ACCOUNT
    client("lambda").delete_function(FunctionName=name)
    ec2.delete_security_group(GroupId=group)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)


def test_the_queue_itself_cannot_move_dead_letters(client: Callable[[str], Any], name: str) -> None:
    sqs = client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]

    with pytest.raises(ClientError, match="InvalidAction"):
        sqs.start_message_move_task(SourceArn=arn)

    sqs.delete_queue(QueueUrl=url)


def test_the_authorizer_lets_access_tokens_through(client: Callable[[str], Any], cloud: Cloud, places: Places) -> None:
    """Our functions then reject them, with their own message."""
    person = cloud.users()[PERSON]
    answer = client("cognito-idp").initiate_auth(
        ClientId=places.web_client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": person.email, "PASSWORD": person.password},
    )

    response = send("GET", f"{places.orders_api}/orders", token=answer["AuthenticationResult"]["AccessToken"])

    assert response.status_code == 401
    assert json.loads(response.text)["error"]["message"] == "Sign in, and send the ID token."


def test_apis_do_not_decompress_bodies(client: Callable[[str], Any], cloud: Cloud, places: Places) -> None:
    """API Gateway decompresses a body before it calls the function."""
    person = cloud.users()[PERSON]
    answer = client("cognito-idp").initiate_auth(
        ClientId=places.web_client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": person.email, "PASSWORD": person.password},
    )

    response = send(
        "POST",
        f"{places.orders_api}/orders",
        body=gzip.compress(b"[]"),
        token=answer["AuthenticationResult"]["IdToken"],
        headers={"Content-Encoding": "gzip"},
    )

    assert response.status_code == 415
    assert "decompressed" in json.loads(response.text)["error"]["message"]


def test_no_code_verifies_a_phone_number(client: Callable[[str], Any], cloud: Cloud, places: Places) -> None:
    """A changed number stays verified if the old one was."""
    cognito, person = client("cognito-idp"), cloud.users()[PERSON]
    answer = cognito.initiate_auth(
        ClientId=places.web_client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": person.email, "PASSWORD": person.password},
    )
    token = answer["AuthenticationResult"]["AccessToken"]

    with pytest.raises(ClientError, match="InvalidAction"):
        cognito.get_user_attribute_verification_code(AccessToken=token, AttributeName="phone_number")

    before = cognito.get_user(AccessToken=token)["UserAttributes"]
    changed = [{"Name": "phone_number", "Value": "+15555550177"}]
    cognito.update_user_attributes(AccessToken=token, UserAttributes=changed)
    after = {one["Name"]: one["Value"] for one in cognito.get_user(AccessToken=token)["UserAttributes"]}
    number = [one for one in before if one["Name"] == "phone_number"]
    cognito.update_user_attributes(AccessToken=token, UserAttributes=number)
    assert (after["phone_number"], after["phone_number_verified"]) == ("+15555550177", "true")


def test_users_may_write_attributes_that_their_client_may_not(
    client: Callable[[str], Any], cloud: Cloud, places: Places, name: str
) -> None:
    """They may even write that their number is verified, or a group."""
    cognito, user = client("cognito-idp"), replace(cloud.users()[PERSON], email=f"{name}@example.com")
    users.add(cognito, places.user_pool, user, phone="+15555550178")
    answer = cognito.initiate_auth(
        ClientId=places.web_client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": user.email, "PASSWORD": user.password},
    )["AuthenticationResult"]

    taken = [{"Name": "phone_number_verified", "Value": "false"}, {"Name": "cognito:groups", "Value": "operators"}]
    cognito.update_user_attributes(AccessToken=answer["AccessToken"], UserAttributes=taken)

    token = users.sign_in(cognito, places.web_client, user)
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert (claims["phone_number_verified"], claims["cognito:groups"]) == (False, "operators")


def test_a_renewed_token_looks_like_a_new_sign_in(client: Callable[[str], Any], cloud: Cloud, places: Places) -> None:
    """On AWS `auth_time` stays the time of the sign-in."""
    user, cognito = cloud.users()[PERSON], client("cognito-idp")
    asked = {"ClientId": places.web_client, "AuthFlow": "USER_PASSWORD_AUTH"}
    tokens = cognito.initiate_auth(**asked, AuthParameters={"USERNAME": user.email, "PASSWORD": user.password})[
        "AuthenticationResult"
    ]

    def renewed() -> dict[str, Any]:
        answer = cognito.initiate_auth(
            ClientId=places.web_client,
            AuthFlow="REFRESH_TOKEN_AUTH",
            AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
        )
        return claims_of(answer["AuthenticationResult"]["IdToken"])

    first = claims_of(tokens["IdToken"])
    later = eventually(renewed, until=lambda claims: claims["iat"] > first["iat"])

    assert later["auth_time"] == later["iat"]


def claims_of(token: str) -> dict[str, Any]:
    return dict(json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "==")))


def test_a_challenge_can_be_answered_without_a_session(cloud: Cloud, places: Places) -> None:
    """On AWS the caller needs the session that a sign-in with a password started."""
    operation = {"X-Amz-Target": "AWSCognitoIdentityProviderService.RespondToAuthChallenge"}
    body = {
        "ClientId": places.web_client,
        "ChallengeName": "SOFTWARE_TOKEN_MFA",
        "ChallengeResponses": {"USERNAME": cloud.users()[PERSON].email, "SOFTWARE_TOKEN_MFA_CODE": "000000"},
    }

    answer = send("POST", f"{places.endpoint}/", body=body, headers=operation)

    assert "IdToken" in json.loads(answer.text)["AuthenticationResult"]


def test_an_expired_row_leaves_no_record() -> None:
    source = inspect.getsource(dynamodb._ttl_reaper)

    assert "time.sleep(60)" in source and "_remove_item(" in source
    assert "_emit_stream_event" not in source
