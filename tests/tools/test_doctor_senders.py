"""The doctor's checks of the sender, the address that reminders are mailed from."""

from collections.abc import Iterator

import pytest

from tests.support.doctor import STAGE, WRITER, Aws, examined, resource

SUCCESS, PENDING = {"VerificationStatus": "Success"}, {"VerificationStatus": "Pending"}
BY_HAND, OURS = resource("AWS::SNS::Topic", "x"), resource("AWS::SES::EmailIdentity", "other@our-cats.org")


@pytest.fixture
def aws() -> Iterator[Aws]:
    with examined() as aws:
        yield aws


@pytest.mark.parametrize("attributes", [SUCCESS, PENDING])
@pytest.mark.parametrize("resources", [[], [BY_HAND], [OURS]])
@pytest.mark.parametrize("deployed", [True, False])
def test_a_sender_that_is_registered_already_stops_a_deployment_that_would_register_it(
    deployed: bool, resources: list[dict[str, str]], attributes: dict[str, str], aws: Aws
) -> None:
    """Somebody, another stage or this stage may have registered it. CloudFormation would roll back."""
    sender = "cats@our-cats.org"
    aws.answers["GetIdentityVerificationAttributes"] = {"VerificationAttributes": {sender: attributes}}
    aws.answers["ListStackResources"] = {"StackResourceSummaries": [WRITER, *resources]}
    if not deployed:
        aws.undeploy()
        aws.answers |= {"GetParameter": "ParameterNotFound", "GetEmailIdentity": {"IdentityType": "EMAIL_ADDRESS"}}

    assert aws.problems(sender=sender, cache="on") == {
        "sender in SES": f"make deploy STAGE=dev SENDER={sender} CACHE=on IDENTITY=existing"
    }
    assert aws.problems(sender=sender, cache="on", identity="existing") == {}


def test_before_the_first_deployment_a_registered_sender_is_always_a_problem(aws: Aws) -> None:
    aws.undeploy()
    verified = {"VerificationAttributes": {STAGE.sender: SUCCESS}}
    aws.answers |= {"GetIdentityVerificationAttributes": verified, "GetParameter": "ParameterNotFound"}
    aws.answers["GetEmailIdentity"] = {"IdentityType": "EMAIL_ADDRESS"}

    assert aws.findings()["sender in SES"].state == "problem"
    assert aws.findings(sender_identity="existing")["sender in SES"].state == "ok"


def test_a_sender_with_a_registered_domain_can_be_registered_by_the_stage(aws: Aws) -> None:
    aws.undeploy()
    aws.answers["GetParameter"] = "ParameterNotFound"

    assert aws.findings()["sender in SES"].found == "our-cats.org is verified"
    assert aws.problems(sender=STAGE.sender) == {}


def test_the_stages_own_sender_can_be_deployed_again(aws: Aws) -> None:
    aws.answers["GetIdentityVerificationAttributes"] = {"VerificationAttributes": {STAGE.sender: SUCCESS}}

    assert aws.problems(sender=STAGE.sender) == {}


def test_a_sender_that_should_be_registered_but_is_not_gets_advice(aws: Aws) -> None:
    aws.undeploy()
    aws.answers["GetIdentityVerificationAttributes"] = {"VerificationAttributes": {}}

    finding = aws.findings(sender_identity="existing")["sender in SES"]

    assert (finding.state, finding.found) == ("limited", f"{STAGE.sender} is not verified yet")
    assert finding.advice.startswith(f"aws ses verify-email-identity --email-address {STAGE.sender}")


@pytest.mark.parametrize(
    "sender", ["reminders@example.com", "a@mail.EXAMPLE.org", "a@cats.test", "a@b.invalid", "not an address"]
)
def test_a_sender_that_nobody_can_own_is_a_problem(sender: str, aws: Aws) -> None:
    aws.undeploy()

    finding = aws.findings(sender=sender)["sender"]

    assert finding.state == "problem"
    assert "SENDER=you@your-domain" in finding.advice


@pytest.mark.parametrize("sender", ["a@myexample.com", "a@example.com.our-cats.org", "a@test.org"])
def test_a_sender_with_a_similar_domain_is_accepted(sender: str, aws: Aws) -> None:
    aws.undeploy()

    assert aws.findings(sender=sender)["sender"].state == "ok"


def test_on_the_laptop_cloud_a_domain_for_examples_is_allowed(aws: Aws) -> None:
    aws.undeploy()

    findings = aws.findings(sender="reminders@example.com", endpoint="http://127.0.0.1:4566")

    assert findings["sender"].state == "ok"


def test_the_deployed_sender_is_checked_and_not_the_sender_of_the_stage(aws: Aws) -> None:
    assert aws.findings(sender="reminders@example.com")["sender"].found == STAGE.sender
