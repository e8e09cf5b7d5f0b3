"""A Lambda function that fails as it is told. The tests deploy it, and put it in the place of what a workflow calls."""

import json
import os
import time
from pathlib import Path
from typing import Any

import boto3


def handler(event: dict[str, Any], context: object) -> Any:
    """What `event` asks for, after as many failures as it asks for.

    `event` is `{"Attempts": path of a file, "Failures": how many, "Fault": which, "Answer": any JSON}`; in the place of
    "Answer" there may be `"Call": {"Service", "Operation", "Parameters"}`, the call of AWS whose answer is given. The
    file has a byte for each attempt. Faults: `raise`; `reply lost`, which raises after the call; `exit`, as a process
    does that runs out of memory; `hang`.
    """
    with Path(event["Attempts"]).open("ab") as attempts:
        attempts.write(b".")
        fails = attempts.tell() <= event["Failures"]
    if fails and event["Fault"] == "exit":
        os._exit(137)
    if fails and event["Fault"] == "hang":
        time.sleep(60)
    if fails and event["Fault"] == "raise":
        raise RuntimeError("told to")
    answer = _called(**event["Call"]) if "Call" in event else event["Answer"]
    if fails:
        raise RuntimeError("told to, after the call")
    return answer


def _called(Service: str, Operation: str, Parameters: dict[str, Any]) -> dict[str, Any]:
    if "MessageBody" in Parameters:
        # Step Functions makes text of it, where the workflow calls SQS itself.
        Parameters = {**Parameters, "MessageBody": json.dumps(Parameters["MessageBody"])}
    answer: dict[str, Any] = getattr(boto3.client(Service), Operation)(**Parameters)
    del answer["ResponseMetadata"]
    return answer
