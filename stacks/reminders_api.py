"""The reminders API and its functions."""

from functools import partial

from aws_cdk import aws_cognito as cognito
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from reminders.reminder import BY_OWNER, BY_STATUS
from stacks.permissions import allow
from stacks.python_function import DependencyLayer, PythonFunction
from stacks.reminder_table import ReminderTable
from stacks.reminder_workflow import ReminderWorkflow
from stacks.rest_api import ERROR, Answer, RestApi
from stacks.stage import Stage

IDEMPOTENCY_KEY = "Idempotency-Key"
"""The header that identifies a repeated request."""

STOP_PATH = "/stop"
"""Below it are the pages where the recipients of e-mails stop reminders."""

SCHEDULED = Answer(schema="reminders/scheduled.schema.json", headers=("Location",))
STATE = Answer(schema="reminders/reminder_state.schema.json")


class RemindersApi(RestApi):
    """Creates, lists, looks up, changes and cancels reminders.

    `stop_url` is the address of the pages for the recipients of e-mails.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        users: cognito.IUserPool,
        dependencies: DependencyLayer,
        table: ReminderTable,
        workflow: ReminderWorkflow,
    ) -> None:
        super().__init__(
            scope,
            id,
            stage=stage,
            users=users,
            description="Reminders",
            request_headers=(IDEMPOTENCY_KEY,),
            traced_path="/reminders",
        )
        function = partial(PythonFunction, scope, stage=stage, dependencies=dependencies, memory=512, timeout=20)
        common = {**table.client_environment, "ALLOWED_ORIGIN": stage.allowed_origin}
        scheduling = {
            **common,
            "REMINDER_WORKFLOW": workflow.live,
            "SENDER": stage.sender,
            "ALLOWED_EMAILS": " ".join(stage.allowed_emails),
            "ALLOWED_PHONES": " ".join(stage.allowed_phones),
            "MOST_WAITING": str(stage.limits.reminders_waiting),
            "MOST_SET_A_DAY": str(stage.limits.reminders_a_day),
        }

        self.create_reminder = create_reminder = function(
            "CreateReminder",
            description="POST /reminders",
            handler="reminders.create_reminder.handler",
            environment={**scheduling, "STAGE": stage.name},
        )
        self.add_route(
            "POST",
            "/reminders",
            create_reminder,
            request="reminders/reminder.schema.json",
            headers=(IDEMPOTENCY_KEY,),
            answers={202: SCHEDULED, 409: ERROR},
        )
        for action in ("GetItem", "PutItem", "UpdateItem", "DeleteItem"):
            allow(create_reminder, f"dynamodb:{action}", on=table.table_arn)
        # It counts the caller's waiting reminders.
        allow(create_reminder, "dynamodb:Query", on=table.index_arn(BY_OWNER))
        workflow.grant_start_execution(create_reminder)
        workflow.grant_execution(create_reminder, "states:DescribeExecution")
        _allow_readiness(create_reminder)

        list_reminders = function(
            "ListReminders",
            description="GET /reminders",
            handler="reminders.list_reminders.handler",
            environment=common,
        )
        self.add_route(
            "GET",
            "/reminders",
            list_reminders,
            query=("when", "status", "limit", "next"),
            answers={200: Answer(schema="reminders/list.schema.json"), 400: ERROR},
        )
        for index in (BY_OWNER, BY_STATUS):
            allow(list_reminders, "dynamodb:Query", on=table.index_arn(index))

        get_reminder = function(
            "GetReminder",
            description="GET /reminders/{reminderId}",
            handler="reminders.get_reminder.handler",
            environment=common,
        )
        self.add_route("GET", "/reminders/{reminderId}", get_reminder, answers={200: STATE, 404: ERROR})
        allow(get_reminder, "dynamodb:GetItem", on=table.table_arn)

        update_reminder = function(
            "UpdateReminder",
            description="PATCH /reminders/{reminderId}",
            handler="reminders.update_reminder.handler",
            environment=scheduling,
        )
        self.add_route(
            "PATCH",
            "/reminders/{reminderId}",
            update_reminder,
            request="reminders/reminder_change.schema.json",
            headers=(IDEMPOTENCY_KEY,),
            answers={200: STATE, 404: ERROR, 409: ERROR},
        )
        allow(update_reminder, "dynamodb:GetItem", "dynamodb:UpdateItem", on=table.table_arn)
        allow(update_reminder, "dynamodb:Query", on=table.index_arn(BY_OWNER))
        workflow.grant_start_execution(update_reminder)
        workflow.grant_execution(update_reminder, "states:DescribeExecution", "states:StopExecution")
        _allow_readiness(update_reminder)

        cancel_reminder = function(
            "CancelReminder",
            description="DELETE /reminders/{reminderId}",
            handler="reminders.cancel_reminder.handler",
            environment={**common, "STAGE": stage.name},
        )
        self.add_route(
            "DELETE", "/reminders/{reminderId}", cancel_reminder, answers={200: STATE, 404: ERROR, 409: ERROR}
        )
        allow(cancel_reminder, "dynamodb:GetItem", "dynamodb:UpdateItem", on=table.table_arn)
        workflow.grant_execution(cancel_reminder, "states:StopExecution")

        stop_reminder = function(
            "StopReminder",
            description="GET and POST /stop/{token}",
            handler="feedback.stop_reminder.handler",
            environment={**table.client_environment, "STAGE": stage.name},
        )
        self.add_pages(("GET", "HEAD", "POST"), f"{STOP_PATH}/{{token}}", stop_reminder)
        self.stop_url = self.url_for_path(STOP_PATH)
        allow(stop_reminder, "dynamodb:GetItem", "dynamodb:UpdateItem", on=table.table_arn)
        workflow.grant_execution(stop_reminder, "states:StopExecution")


def _allow_readiness(function: lambda_.IFunction) -> None:
    # These calls say in advance whether a reminder could be sent. AWS offers no narrower resource for them.
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleemailservicev2.html
    function.add_to_role_policy(
        iam.PolicyStatement(
            actions=[
                "ses:GetAccount",
                "ses:GetIdentityVerificationAttributes",
                "sns:CheckIfPhoneNumberIsOptedOut",
                "sns:GetSMSSandboxAccountStatus",
                "sns:ListSMSSandboxPhoneNumbers",
            ],
            resources=["*"],
        )
    )
