"""The checks of what watches the stage: alarms, logs and the functions that look for lost orders and reminders."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from stacks.names import ORDERS, REMINDERS, STACKS
from tools.story import logs
from tools.verify import readings
from tools.verify.findings import LeftOutError, brief, require
from tools.verify.run import Run

ALARM_TYPES = ("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
LOOK_BACK = timedelta(hours=1)
SETTLING = timedelta(minutes=20)
"""Longer than the periods of any alarm that goes off if nothing happens."""
FACTOR = 3
"""An estimate is worth a look if the measured number is this many times as large or as small."""


def alarms(run: Run) -> str:
    """Alarms without an action are parts of other alarms."""
    expected = {
        # CloudFormation's id of a composite alarm may be its ARN.
        id.rpartition(":")[2]: stack
        for stack in STACKS
        for type in ALARM_TYPES
        for id in run.deployment.resources(stack, type).values()
    }
    require(expected, "the stage has no alarms")
    pages = run.deployment.client("cloudwatch").get_paginator("describe_alarms")
    found: dict[str, dict[str, Any]] = {}
    for page in pages.paginate(AlarmTypes=["MetricAlarm", "CompositeAlarm"]):
        found |= {one["AlarmName"]: one for one in page["MetricAlarms"] + page["CompositeAlarms"]}
    missing = sorted(expected.keys() - found.keys())
    require(not missing, f"missing: {', '.join(missing)}")
    own = [found[name] for name in sorted(expected)]
    off = [one for one in own if one["StateValue"] == "ALARM" and one["AlarmActions"]]
    new = [one["AlarmName"] for one in off if _has_no_past(run, one, expected[one["AlarmName"]])]
    wrong = [one["AlarmName"] for one in off if one["AlarmName"] not in new]
    require(not wrong, f"in ALARM: {', '.join(wrong)}")
    quiet = [one["AlarmName"] for one in own if one["AlarmActions"] and not one["ActionsEnabled"]]
    require(not quiet, f"their actions are switched off: {', '.join(quiet)}")
    said = f"{len(expected)} alarms, none of them in ALARM"
    return f"{said} except {', '.join(new)}, because the stage is new" if new else said


def _has_no_past(run: Run, alarm: dict[str, Any], stack: str) -> bool:
    """Whether an alarm is in ALARM only because its stack is new: no value means ALARM, and no time has passed yet."""
    described = run.deployment.own(stack)
    made = described["CreationTime"] if described else datetime.now(UTC)
    return alarm.get("TreatMissingData") == "breaching" and datetime.now(UTC) - made < SETTLING


def sweep_of_orders(run: Run) -> str:
    """An empty batch makes the function look at nothing. It still needs its code, its role and its settings."""
    answer = _invoked(run, ORDERS, "ParkLostOrdersName", {"Records": []})
    require(answer == {"Parked": 0}, f"ParkLostOrders answered {brief(answer)}")
    return f"ParkLostOrders runs; {_no_errors(run, ORDERS, 'ParkLostOrders')}"


def sweep_of_reminders(run: Run) -> str:
    """The same call as the schedule's. It settles lost reminders if there are any."""
    answer = _invoked(run, REMINDERS, "SettleLostRemindersName", {})
    require(answer.get("Complete") is True, f"SettleLostReminders answered {brief(answer)}")
    return f"SettleLostReminders settled {answer['Lost']}; {_no_errors(run, REMINDERS, 'SettleLostReminders')}"


def _invoked(run: Run, stack: str, output: str, event: dict[str, Any]) -> dict[str, Any]:
    answer = run.deployment.client("lambda").invoke(
        FunctionName=run.deployment.output(stack, output), Payload=json.dumps(event)
    )
    body = json.loads(answer["Payload"].read())
    require("FunctionError" not in answer, f"it failed with {brief(body.get('errorType'))}")
    return dict(body)


def _no_errors(run: Run, stack: str, function: str) -> str:
    """Fails if the function's log has an error of the last hour."""
    now = datetime.now(UTC)
    # A source begins with the constructs around the function. Every line of the project's functions has its level.
    found = logs.read(run.deployment, stack, ["ERROR"], [(now - LOOK_BACK, now)])
    errors = [line for line in found.lines if line.source.endswith(function) and line.fields.get("level") == "ERROR"]
    require(not errors, f"its log has {len(errors)} errors of the last hour: {_message(errors)}")
    return "its log has no error of the last hour"


def _message(errors: list[logs.Line]) -> str:
    return brief(errors[-1].text("message")) if errors else ""


def request_in_logs(run: Run) -> str:
    """A refused request is logged in every stage. The log has its id, its status and no value of the request."""
    name = f"Grace {run.mark}"
    reply = run.person.orders("POST", "/orders", run.order(Name=name, Price=True)).require(400, "InvalidRequest")
    id = str(reply.body["error"].get("requestId"))
    require(id == reply.headers.get("X-Request-Id"), "the error and the header X-Request-Id name different requests")

    def lines() -> list[logs.Line]:
        until = datetime.now(UTC)
        return logs.read(run.deployment, ORDERS, [id], [(run.began - timedelta(minutes=1), until)]).lines

    def refusals() -> list[logs.Line]:
        return [line for line in lines() if line.text("message") == "request refused"]

    found = run.until(refusals, bool, what="the line in the log")
    text = json.dumps([line.fields for line in found])
    require(name not in text and run.person.user.email not in text, "the log has the person's name or address")
    return f"{found[0].source} logged the refused request with its id, and without the person's data"


def estimates(run: Run) -> str:
    """Never fails: an estimate is for costs only."""
    if run.deployment.is_laptop:
        raise LeftOutError("only AWS can measure what `make cost` estimates")
    found = [one for one in readings.readings(run.deployment, days=7) if one.measured and one.estimate]
    off = [one.what for one in found if one.measured and not 1 / FACTOR <= one.measured / one.estimate <= FACTOR]
    if not found:
        raise LeftOutError("CloudWatch has measured nothing yet: verify again tomorrow")
    said = f"{len(found)} estimates measured"
    return f"{said}; {len(off)} are off by a factor of {FACTOR} or more: see --estimates" if off else said
