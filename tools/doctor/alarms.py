"""The checks of the alarms: whether somebody hears of them, and whether their messages lead to the runbook."""

from stacks.names import ORDERS, REMINDERS
from tools.doctor.result import Result
from tools.doctor.target import Target

TOPICS = {
    f"{topic}TopicArn": stack
    for stack, app in ((ORDERS, "Order"), (REMINDERS, "Reminder"))
    for topic in (f"{app}Alarms", f"{app}AlarmsUrgent")
}
"""The outputs that name the topics of the alarms, and their stacks."""


def alarm_subscriptions(target: Target) -> Result:
    """Whether each topic of the alarms has a subscriber who has confirmed it."""
    topics = {output: arn for output, stack in TOPICS.items() if (arn := target.find_output(stack, output))}
    if target.on_laptop or not topics:
        return Result("ok", "the laptop's page shows them" if target.on_laptop else "not set yet; deploying makes them")
    sns = target.client("sns")
    silent = [
        output
        for output, arn in topics.items()
        if int(sns.get_topic_attributes(TopicArn=arn)["Attributes"].get("SubscriptionsConfirmed", "0")) == 0
    ]
    if silent:
        arn = topics[silent[0]]
        advice = f"aws sns subscribe --topic-arn {arn} --protocol email --notification-endpoint you@example.com"
        others = f", and the same for {', '.join(silent[1:])}" if silent[1:] else ""
        return Result("limited", f"nobody hears of alarms: {', '.join(silent)}", f"{advice}{others}")
    return Result("ok", "each topic of the alarms has a subscriber")


def runbook_address(target: Target) -> Result:
    url = target.stage.runbook_url
    if target.on_laptop or url.startswith("https://"):
        return Result("ok", url)
    advice = f"set runbook_url of the stage {target.stage.name} to the address at which your team reads docs/runbook.md"
    return Result("limited", f"messages of alarms lead to {url}, which people cannot open", advice)
