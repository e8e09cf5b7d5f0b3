"""The users, and how they sign up and sign in."""

from common import caller


def pool(deployment):
    return deployment.only("AWS::Cognito::UserPool")


def client(deployment):
    return deployment.only("AWS::Cognito::UserPoolClient")


def test_people_sign_up_by_themselves_with_an_address_that_they_confirm(deployment):
    assert pool(deployment)["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": False}
    assert pool(deployment)["UsernameAttributes"] == ["email"]
    assert pool(deployment)["UsernameConfiguration"] == {"CaseSensitive": False}
    template = pool(deployment)["VerificationMessageTemplate"]
    assert template["DefaultEmailOption"] == "CONFIRM_WITH_CODE"
    # Cognito has two places for each of these texts.
    assert template["EmailMessage"] == pool(deployment)["EmailVerificationMessage"]
    assert template["EmailSubject"] == pool(deployment)["EmailVerificationSubject"]
    assert template["SmsMessage"] == pool(deployment)["SmsVerificationMessage"]
    assert "{####}" in template["EmailMessage"] and "{####}" in template["SmsMessage"]


def test_people_have_an_address_and_may_have_a_number_and_change_both(deployment):
    fields = {one["Name"]: (one["Required"], one["Mutable"]) for one in pool(deployment)["Schema"]}

    assert fields == {"email": (True, True), "phone_number": (False, True)}


def test_signing_up_texts_nobody(deployment):
    """The pool texts every number that it has to verify, even a stranger's. So a sign-up may not include a number."""
    function = pool(deployment)["LambdaConfig"]["PreSignUp"]

    assert deployment.named("Identity", function) == "Identity/CheckSignUp.Arn"
    assert pool(deployment)["AccountRecoverySetting"]["RecoveryMechanisms"] == [
        {"Name": "verified_email", "Priority": 1}
    ]
    assert pool(deployment)["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]


def test_a_changed_address_or_number_counts_only_after_it_is_confirmed(deployment):
    assert pool(deployment)["AutoVerifiedAttributes"] == ["email", "phone_number"]
    assert pool(deployment)["UserAttributeUpdateSettings"] == {
        "AttributesRequireVerificationBeforeUpdate": ["email", "phone_number"]
    }


def test_passwords_are_strong_and_a_second_factor_is_optional(deployment):
    policy = pool(deployment)["Policies"]["PasswordPolicy"]

    assert policy["MinimumLength"] == 12
    # An administrator may send somebody a password, which soon ends.
    assert policy["TemporaryPasswordValidityDays"] == 3
    assert all(policy[f"Require{kind}"] for kind in ("Lowercase", "Uppercase", "Numbers", "Symbols"))
    assert pool(deployment)["MfaConfiguration"] == "OPTIONAL"


def test_the_page_has_no_secret_and_a_session_ends_within_a_day(deployment):
    assert client(deployment)["GenerateSecret"] is False
    assert client(deployment)["ExplicitAuthFlows"] == ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    assert client(deployment)["EnableTokenRevocation"] is True
    # Cognito's own sign-in pages would accept other origins.
    assert client(deployment)["AllowedOAuthFlowsUserPoolClient"] is False
    assert client(deployment)["SupportedIdentityProviders"] == ["COGNITO"]
    units = set(client(deployment)["TokenValidityUnits"].values())
    assert units == {"minutes"}
    assert client(deployment)["IdTokenValidity"] == client(deployment)["AccessTokenValidity"] == 60
    assert client(deployment)["RefreshTokenValidity"] == 24 * 60


def test_a_failed_sign_in_does_not_reveal_whether_the_user_exists(deployment):
    assert client(deployment)["PreventUserExistenceErrors"] == "ENABLED"


def test_nobody_can_mark_their_own_address_as_verified(deployment):
    assert sorted(client(deployment)["WriteAttributes"]) == ["email", "phone_number"]


def test_the_page_can_tell_whether_an_address_or_number_is_verified(deployment):
    own = {"email", "phone_number"}

    assert {*client(deployment)["ReadAttributes"]} == own | {f"{name}_verified" for name in own}


def test_operators_are_the_group_that_the_functions_look_for(deployment):
    assert deployment.only("AWS::Cognito::UserPoolGroup")["GroupName"] == caller.OPERATORS


def test_only_the_pool_may_text_its_codes(deployment):
    role = deployment.properties("AWS::IAM::Role")["Identity/TextsRole"]

    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    conditions = trust["Condition"]["StringEquals"]
    assert conditions == {
        "sts:ExternalId": pool(deployment)["SmsConfiguration"]["ExternalId"],
        "aws:SourceAccount": {"Ref": "AWS::AccountId"},
    }
    assert any(
        deployment.path("Identity", name) == "Identity/TextsRole/DefaultPolicy"
        for name in deployment.resources("AWS::Cognito::UserPool")["Identity/Users"]["DependsOn"]
    )


def test_a_stage_that_keeps_its_data_keeps_its_people(deployment):
    users = deployment.resources("AWS::Cognito::UserPool")["Identity/Users"]
    protected = deployment.stage.deletion_protection

    assert users["DeletionPolicy"] == deployment.policy
    assert users["Properties"]["DeletionProtection"] == ("ACTIVE" if protected else "INACTIVE")


def test_everything_that_the_pool_needs_is_kept_with_it(deployment):
    """Without its role Cognito refuses every change of the pool; without the function, every sign-up."""
    policy = deployment.resources("AWS::Cognito::UserPool")["Identity/Users"]["DeletionPolicy"]
    needed = {path: one for path, one in deployment.resources().items() if path.startswith("Identity/")}

    assert {"Identity/TextsRole", "Identity/TextsRole/DefaultPolicy", "Identity/Users/PreSignUpCognito"} < needed.keys()
    assert {path: (one.get("DeletionPolicy"), one.get("UpdateReplacePolicy")) for path, one in needed.items()} == {
        path: (policy, policy) for path in needed
    }
