"""What a stage may cost: its tags, and a budget that tells operators before the month's bill does."""

from aws_cdk import CfnResource
from constructs import Construct

from stacks.alarms import Alarms
from stacks.stage import Stage

STAGE_TAG = "stage"

SHARED = "shared"
APPS = {"Cache": "orders", "Orders": "orders", "Fulfillment": "orders", "Reminders": "reminders"}
"""The app of each stack. The other stacks belong to both."""


def tags_of(stack: str, *, stage: Stage) -> dict[str, str]:
    """The tags of a stack. CloudFormation puts them on every resource that can have tags.

    See decision D203.
    """
    return {
        STAGE_TAG: stage.name,
        "app": APPS.get(stack, SHARED),
        "owner": stage.owner,
        "cost-center": stage.cost_center,
    }


class Budget(CfnResource):
    """The month's budget for everything with the stage's tag, in all stacks. It publishes to `topic`.

    It has no name, because CloudFormation replaces a budget whose notifications change, and the new one would need the
    old one's name. Somebody has to activate the tag `stage` in the account's billing console once.
    https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activating-tags.html
    """

    def __init__(self, scope: Construct, id: str, *, stage: Stage, topic: Alarms) -> None:
        topic.allow("budgets.amazonaws.com")
        super().__init__(
            scope,
            id,
            type="AWS::Budgets::Budget",
            properties={
                "Budget": {
                    "BudgetType": "COST",
                    "TimeUnit": "MONTHLY",
                    "BudgetLimit": {"Amount": stage.budget_usd, "Unit": "USD"},
                    "CostFilters": {"TagKeyValue": [f"user:{STAGE_TAG}${stage.name}"]},
                },
                "NotificationsWithSubscribers": [
                    {
                        "Notification": {
                            "NotificationType": kind,
                            "ComparisonOperator": "GREATER_THAN",
                            "Threshold": 100,
                            "ThresholdType": "PERCENTAGE",
                        },
                        "Subscribers": [{"SubscriptionType": "SNS", "Address": topic.arn}],
                    }
                    for kind in ("FORECASTED", "ACTUAL")
                ],
            },
        )
