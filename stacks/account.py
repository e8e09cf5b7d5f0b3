"""One's own data: an API that returns everything that the stage keeps about a person, and deletes it."""

from functools import partial

from aws_cdk import Stack
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from orders.order import OWN_ORDERS
from reminders.reminder import BY_OWNER
from stacks.account_alarms import account_alarms
from stacks.alarms import add_alarm, alarm_name, arns
from stacks.dashboards import operators as dashboard
from stacks.dashboards.dashboard import Dashboard
from stacks.operators import LOOK
from stacks.orders import OrdersStack
from stacks.permissions import allow
from stacks.python_function import DependencyLayer, PythonFunction
from stacks.reminders import RemindersStack
from stacks.rest_api import ERROR, STAGE_NAME, Answer, RestApi
from stacks.stage import Stage

PATH = "/account"


class AccountStack(Stack):
    """The functions read and write the tables, queues and executions of both apps, and the user pool.

    See decision D185.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        stage: Stage,
        users: cognito.IUserPool,
        client: cognito.IUserPoolClient,
        orders: OrdersStack,
        reminders: RemindersStack,
        stack_name: str,
    ) -> None:
        super().__init__(scope, id, stack_name=stack_name)
        held = {
            "PARKED_QUEUE": orders.parked_queue,
            "ESCALATION_DEAD_LETTERS": orders.escalation_queue.dead_letters,
            "REMINDER_DEAD_LETTERS": reminders.queues.dead_letters,
        }

        # API
        self.api = RestApi(self, "AccountApi", stage=stage, users=users, description="Account")
        function = partial(
            PythonFunction,
            self,
            stage=stage,
            dependencies=DependencyLayer(self, "Dependencies", stage=stage, time_zones=True),
            memory=512,
            # The page waits for 20 seconds.
            timeout=25,
            # Operators write an e-mail address into the address of a request.
            traced=False,
            environment={
                **orders.table.client_environment,
                **reminders.table.client_environment,
                **{variable: queue.queue_url for variable, queue in held.items()},
                "USER_POOL": users.user_pool_id,
                "REMINDER_WORKFLOW": reminders.workflow.state_machine_arn,
                "ALLOWED_ORIGIN": stage.allowed_origin,
                "LOG_DAYS": str(stage.log_days),
                "ORDER_WORKFLOW_TYPE": stage.order_workflow_type.value,
                "CACHE": "on" if stage.cache else "off",
                "TRACES": "on" if stage.traces_sampled else "off",
            },
        )

        get_account = function("GetAccount", description="GET /account", handler="account.get_account.handler")
        self.api.add_route(
            "GET",
            PATH,
            get_account,
            query=("email", "id", "next"),
            answers={200: Answer(schema="account/data.schema.json"), 400: ERROR, 404: ERROR},
        )
        reminders.workflow.grant_execution(get_account, "states:DescribeExecution")
        # A deletion leaves these messages, because the orders are accepted.
        unfulfilled = orders.fulfillment_queue.dead_letters
        get_account.add_environment("FULFILLMENT_DEAD_LETTERS", unfulfilled.queue_url)
        allow(get_account, *LOOK, "sqs:GetQueueAttributes", on=unfulfilled.queue_arn)

        delete_account = function(
            "DeleteAccount", description="DELETE /account", handler="account.delete_account.handler"
        )
        self.api.add_route(
            "DELETE",
            PATH,
            delete_account,
            query=("email", "id"),
            answers={200: Answer(schema="account/receipt.schema.json"), 400: ERROR, 404: ERROR, 409: ERROR},
        )
        allow(delete_account, "dynamodb:PutItem", on=orders.table.table_arn)
        allow(delete_account, "dynamodb:DeleteItem", on=reminders.table.table_arn)
        reminders.workflow.grant_execution(delete_account, "states:StopExecution")
        for queue in held.values():
            allow(delete_account, "sqs:DeleteMessage", on=queue.queue_arn)
        users.grant(delete_account, "cognito-idp:AdminUserGlobalSignOut", "cognito-idp:AdminDeleteUser")

        # Both find the person and all their data.
        for finds in (get_account, delete_account):
            allow(finds, "dynamodb:Query", on=orders.table.index_arn(OWN_ORDERS))
            allow(finds, "dynamodb:BatchGetItem", "dynamodb:GetItem", on=orders.table.table_arn)
            allow(finds, "dynamodb:Query", on=reminders.table.index_arn(BY_OWNER))
            allow(finds, "dynamodb:GetItem", on=reminders.table.table_arn)
            for queue in held.values():
                allow(finds, *LOOK, "sqs:GetQueueAttributes", on=queue.queue_arn)
            users.grant(finds, "cognito-idp:AdminGetUser", "cognito-idp:AdminListGroupsForUser")

        # Alarms, also of the sign-in
        alarms = Construct(self, "AccountAlarms")
        resources = {
            "Api": self.api.rest_api_name,
            "ApiStage": STAGE_NAME,
            "Users": users.user_pool_id,
            "Client": client.user_pool_client_id,
        }
        topic = orders.alarms.arn
        own = account_alarms(stage.alarms)
        for alarm in own:
            add_alarm(alarms, alarm, stage=stage, stack=id, resources=resources, topic=topic)

        # Dashboard
        self.dashboard = Dashboard(
            self,
            "OperatorsDashboard",
            rows=dashboard.rows(),
            alarms=[
                *orders.alarms.arns,
                *reminders.alarms.arns,
                *arns(self, [alarm_name(stage, id, alarm) for alarm in own]),
            ],
            resources={
                **orders.resources,
                **reminders.resources,
                "OrdersApi": orders.api.rest_api_name,
                "RemindersApi": reminders.api.rest_api_name,
                "AccountApi": self.api.rest_api_name,
            },
        ).name
