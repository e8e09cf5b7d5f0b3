"""The users of both apps. People sign up by themselves; an administrator makes operators."""

from aws_cdk import CfnOutput, Duration, RemovalPolicies, Stack
from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_iam as iam
from constructs import Construct

from common.caller import OPERATORS
from stacks.python_function import PythonFunction
from stacks.stage import Stage

EXTERNAL_ID = "orders-and-reminders"
"""Cognito presents this id when it assumes the role that sends text messages."""

READABLE = ("email", "email_verified", "phone_number", "phone_number_verified")
WRITABLE = ("email", "phone_number")


class IdentityStack(Stack):
    def __init__(self, scope: Construct, id: str, *, stage: Stage, stack_name: str) -> None:
        super().__init__(scope, id, stack_name=stack_name)

        # Users
        self.users = self._pool(stage)
        self.web_client = self._web_client()
        self.users.add_group(
            "Operators", group_name=OPERATORS, description="May see all orders and handle escalated and parked ones."
        )

        # A pool that is kept needs its role, function, client and group. Without the role and the function, Cognito
        # would reject every change of the pool and every sign-up.
        RemovalPolicies.of(self).apply(stage.removal_policy)

        # Outputs
        CfnOutput(self, "UserPoolId", value=self.users.user_pool_id)
        CfnOutput(self, "WebClientId", value=self.web_client.user_pool_client_id)

    def _pool(self, stage: Stage) -> cognito.UserPool:
        texts = self._texts_role()
        check_sign_up = PythonFunction(
            self,
            "CheckSignUp",
            stage=stage,
            description="Rejects a sign-up that includes a phone number or a card number.",
            handler="identity.check_sign_up.handler",
            memory=128,
            # Cognito waits for at most 5 seconds.
            timeout=5,
            traced=False,
            environment={},
        )
        users = cognito.UserPool(
            self,
            "Users",
            # See decision D070.
            self_sign_up_enabled=True,
            sign_in_aliases=cognito.SignInAliases(email=True),
            sign_in_case_sensitive=False,
            auto_verify=cognito.AutoVerifiedAttrs(email=True, phone=True),
            # A new address or phone number replaces the old one only after the user has entered the code sent to it.
            # https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_UserAttributeUpdateSettingsType.html
            keep_original=cognito.KeepOriginalAttrs(email=True, phone=True),
            standard_attributes=cognito.StandardAttributes(
                email=cognito.StandardAttribute(required=True, mutable=True),
                phone_number=cognito.StandardAttribute(required=False, mutable=True),
            ),
            user_verification=cognito.UserVerificationConfig(
                email_subject="Your code for orders and reminders",
                email_body="Your code is {####}. If you did not ask for a code, ignore this mail.",
                email_style=cognito.VerificationEmailStyle.CODE,
                sms_message="Your code for orders and reminders is {####}.",
            ),
            password_policy=cognito.PasswordPolicy(
                min_length=12,
                require_lowercase=True,
                require_uppercase=True,
                require_digits=True,
                require_symbols=True,
                temp_password_validity=Duration.days(3),
            ),
            # Otherwise Cognito would text a code to any number that somebody enters at sign-up.
            lambda_triggers=cognito.UserPoolTriggers(pre_sign_up=check_sign_up),
            sms_role=texts,
            sms_role_external_id=EXTERNAL_ID,
            mfa=cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            # Not by phone: somebody who takes over a number would take over the account.
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            deletion_protection=stage.deletion_protection,
            removal_policy=stage.removal_policy,
        )
        users.node.add_dependency(texts)
        return users

    def _texts_role(self) -> iam.Role:
        """The role that lets Cognito send codes as text messages."""
        texts = iam.Role(
            self,
            "TextsRole",
            assumed_by=iam.ServicePrincipal(
                "cognito-idp.amazonaws.com",
                conditions={"StringEquals": {"sts:ExternalId": EXTERNAL_ID, "aws:SourceAccount": self.account}},
            ),
        )
        # A phone number has no ARN, and Cognito requires the permission in this form.
        # https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pool-sms-settings.html
        texts.add_to_policy(iam.PolicyStatement(actions=["sns:Publish"], resources=["*"]))
        return texts

    def _web_client(self) -> cognito.UserPoolClient:
        return self.users.add_client(
            "WebClient",
            # A web page cannot keep a secret.
            generate_secret=False,
            # See decision D068.
            auth_flows=cognito.AuthFlow(user_password=True),
            disable_o_auth=True,
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            id_token_validity=Duration.hours(1),
            access_token_validity=Duration.hours(1),
            refresh_token_validity=Duration.days(1),
            read_attributes=_attributes(*READABLE),
            write_attributes=_attributes(*WRITABLE),
        )


def _attributes(*names: str) -> cognito.ClientAttributes:
    attributes = cognito.ClientAttributes()
    return attributes.with_standard_attributes(**dict.fromkeys(names, True))
