"""Defaults for SQS queues: encrypted, and reachable only over TLS."""

import jsii
from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.permissions import allow
from stacks.sending import MOST_RECEIVES, VISIBILITY_SECONDS

LONGEST_RETENTION = Duration.days(14)


class HoldingQueue(sqs.Queue):
    """A queue whose messages wait for an operator, for as long as SQS can keep them."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(
            scope,
            id,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=LONGEST_RETENTION,
        )


class WorkQueue(sqs.Queue):
    """A queue whose messages move to `dead_letters` after five failed attempts to process them."""

    def __init__(self, scope: Construct, id: str) -> None:
        self.dead_letters = HoldingQueue(scope, f"{id}DeadLetters")
        super().__init__(
            scope,
            id,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            # Shorter than the dead-letter queue's, because a message keeps its age when it moves there.
            retention_period=Duration.days(7),
            visibility_timeout=Duration.minutes(2),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=5),
        )


class SendingQueue(sqs.Queue):
    """A queue of messages to people. `SendReminder` sends them, as fast as the services allow.

    The function returns what it could not send, for some minutes at a time. So a message moves to `dead_letters`
    only after some days.
    """

    def __init__(self, scope: Construct, id: str, *, dead_letters: sqs.IQueue) -> None:
        super().__init__(
            scope,
            id,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            # Shorter than the dead-letter queue's, because a message keeps its age when it moves there.
            retention_period=Duration.days(7),
            visibility_timeout=Duration.seconds(VISIBILITY_SECONDS),
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=MOST_RECEIVES),
        )


@jsii.implements(lambda_.IEventSourceDlq)
class FailedBatches:
    """The queue for batches of a stream that a function could not process. Lambda sends them with the function's role.

    CDK's own `SqsDlq` would also allow the function to read the queue's attributes.
    """

    def __init__(self, queue: sqs.IQueue) -> None:
        self._queue = queue

    def bind(
        self, target: lambda_.IEventSourceMapping, target_handler: lambda_.IFunction
    ) -> lambda_.DlqDestinationConfig:
        allow(target_handler, "sqs:SendMessage", on=self._queue.queue_arn)
        return lambda_.DlqDestinationConfig(destination=self._queue.queue_arn)
