"""A Lambda function that fails on demand. The tests deploy it and make a workflow call it."""

import json
import os
import time
from pathlib import Path
from typing import Any

import boto3


def handler(event: dict[str, Any], context: object) -> Any:
    """Fails as often as `event` says, then returns the answer that `event` names.

    `event` is `{"Attempts": path of a file, "Failures": number, "Fault": kind, "Answer": any JSON}`. Instead of
    "Answer" it may have `"Call": {"Service", "Operation", "Parameters"}`: then the function makes this AWS call and
    returns its answer. The file gets one byte for each attempt.

    Faults: `raise`; `reply lost` raises after the call; `exit` ends the process, like running out of memory; `hang`.
    """
    with Path(event["Attempts"]).open("ab") as attempts:
        attempts.write(b".")
        fails = attempts.tell() <= event["Failures"]
    if fails and event["Fault"] == "exit":
        os._exit(137)
    if fails and event["Fault"] == "hang":
        time.sleep(60)
    if fails and event["Fault"] == "raise":
        raise RuntimeError("the test wants this failure")
    answer = _called(**event["Call"]) if "Call" in event else event["Answer"]
    if fails:
        raise RuntimeError("the test wants this failure after the call")
    return answer


def _called(Service: str, Operation: str, Parameters: dict[str, Any]) -> dict[str, Any]:
    if "MessageBody" in Parameters:
        # If the workflow calls SQS directly, Step Functions converts the body to text.
        Parameters = {**Parameters, "MessageBody": json.dumps(Parameters["MessageBody"])}
    answer: dict[str, Any] = getattr(boto3.client(Service), Operation)(**Parameters)
    del answer["ResponseMetadata"]
    return answer
