"""The laptop cloud as a whole: how it starts and stops, and its addresses."""

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from local import assemblies, code_pages, deploy, gaps, homes, restart, saved, users
from local.addresses import api_url, site_url
from local.engine import Cache, Engine
from local.errors import LocalError, NotRunningError
from local.processes import Daemon, alone, require_free
from local.settings import RATES, Settings
from local.users import User

INBOX = "laptop-topic-inbox"
"""A queue that subscribes to the reminder topic, as a person would with an e-mail address."""


@dataclass(frozen=True, kw_only=True)
class Places:
    """The addresses and names of the deployed resources."""

    endpoint: str
    redis_url: str
    site: str
    """Address of the page."""
    orders_api: str
    reminders_api: str
    account_api: str
    order_table: str
    fulfillment_queue: str
    escalation_queue: str
    parked_queue: str
    order_workflow: str
    reminder_table: str
    reminder_workflow: str
    reminder_delivery: str
    reminder_queues: Mapping[str, str]
    """The URLs of the queues of the channels, by channel."""
    topic: str
    topic_inbox: str
    sender: str
    user_pool: str
    web_client: str
    shipment_table: str | None
    """None if the example consumer is not deployed."""

    @property
    def queues(self) -> dict[str, str]:
        """The URLs of the apps' queues, by construct id."""
        return {
            "OrderFulfillmentQueue": self.fulfillment_queue,
            "EscalationQueue": self.escalation_queue,
            "ParkedQueue": self.parked_queue,
        }


class Cloud:
    """One laptop cloud: the engine, the cache, and the apps that are deployed in them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.engine = Engine(settings)
        self.cache = Cache(settings)
        self.deployment = Daemon("the deployment", pid_file=settings.deploy_pid, log=settings.deploy_log)

    @property
    def running(self) -> bool:
        return all(part.daemon.process() for part in (self.engine, self.cache))

    def up(self, say: Callable[[str], None]) -> bool:
        """Starts the parts that do not run, and deploys what has changed. Returns False if there was nothing to do.

        It restarts a running engine whose code has changed. Before that, it waits as `down` does.
        An interrupt stops the processes that this call has started. After a failed deployment they keep running, so
        that the next `up` is quick. Raises LocalError.
        """
        with homes.private():
            homes.make(self.settings.home)
            return self._up(say)

    def _up(self, say: Callable[[str], None]) -> bool:
        with alone(self.settings.home):
            homes.mark(self.settings.home)
            new_passwords = not (self.settings.home / users.USERS).exists()
            # An earlier `up` that was killed leaves its deployment running.
            self.deployment.stop()
            if self.engine.outdated:
                say("restarting the engine, because its code has changed; its data stays")
                restart.wait(self.engine, say)
                self.engine.daemon.stop()
            started = self.start(say)
            # A running engine still has the limits of an earlier `up`.
            self.engine.limit_sending(mails=self.settings.mails_per_second, texts=self.settings.texts_per_second)
            self.settings.remember(*RATES)
            try:
                deployed = self._deploy(say)
                if new_passwords and not deployed:
                    self._create_users()
                self.settings.remember("consumer")
                restart.settle(self.engine, say)
                return deployed or new_passwords or bool(started)
            except KeyboardInterrupt:
                for part in started:
                    part.daemon.stop()
                raise

    def down(self, say: Callable[[str], None] = lambda _: None, *, forget: bool = False) -> bool:
        """Stops both processes. Keeps their data, unless `forget` is true. Returns False if neither process ran.

        If it keeps the data, it first waits some seconds for orders, due reminders and deployments in progress. Raises
        LocalError if the folder holds other files and no laptop cloud, or, with `forget`, if it holds no laptop cloud.
        """
        (homes.require_cloud if forget else homes.require_own)(self.settings.home)
        if not homes.is_cloud(self.settings.home):
            return False
        with alone(self.settings.home):
            self.deployment.stop()
            if self.engine.daemon.process() and not forget:
                restart.wait(self.engine, say)
            stopped = [part.daemon.stop() for part in (self.engine, self.cache)]
            if forget:
                homes.forget(self.settings.home)
        return any(stopped)

    def require_running(self) -> None:
        """Raises LocalError if a process does not run or nothing is deployed."""
        for part in (self.engine, self.cache):
            part.daemon.require_alive()
        if not self.running:
            raise NotRunningError
        if deploy.deployed_fingerprint(self.engine) is None:
            raise LocalError("the apps are not deployed: run `laptop up`")

    def places(self, *, of_any_version: bool = False) -> Places:
        """Returns the addresses and names. Raises LocalError if the cloud does not run.

        `of_any_version` leaves a place empty if the deployed version has no output for it. Otherwise this is an error.
        """
        self.require_running()
        outputs: Mapping[str, Mapping[str, str]] = deploy.outputs(self.engine)
        if of_any_version:
            outputs = defaultdict(
                lambda: defaultdict(str), {stack: defaultdict(str, found) for stack, found in outputs.items()}
            )
        try:
            return self._places(outputs)
        except KeyError:
            # An earlier version had fewer stacks and outputs.
            raise LocalError("the deployed apps are older than this checkout: run `laptop up`") from None

    def _places(self, outputs: Mapping[str, Mapping[str, str]]) -> Places:
        orders, reminders, identity = (
            outputs[stack] for stack in (deploy.ORDERS_STACK, deploy.REMINDERS_STACK, deploy.IDENTITY_STACK)
        )
        return Places(
            endpoint=self.settings.endpoint,
            redis_url=self.settings.redis_url,
            site=site_url(self.settings.endpoint, outputs[deploy.WEBSITE_STACK]["SiteUrl"]),
            orders_api=api_url(self.settings.endpoint, orders["ApiUrl"]),
            reminders_api=api_url(self.settings.endpoint, reminders["ApiUrl"]),
            account_api=api_url(self.settings.endpoint, outputs[deploy.ACCOUNT_STACK]["ApiUrl"]),
            order_table=orders["OrderTableName"],
            fulfillment_queue=orders["OrderFulfillmentQueueUrl"],
            escalation_queue=orders["EscalationQueueUrl"],
            parked_queue=orders["ParkedQueueUrl"],
            order_workflow=orders["OrderFulfillmentStateMachineArn"],
            reminder_table=reminders["ReminderTableName"],
            reminder_workflow=reminders["ReminderStateMachineArn"],
            reminder_delivery=reminders["ReminderDeliveryArn"],
            reminder_queues={
                channel: reminders[f"{name}QueueUrl"]
                for channel, name in (("email", "Email"), ("sms", "SMS"), ("topic", "Topic"))
            },
            topic=reminders["NotifyTopicArn"],
            topic_inbox=self.engine.client("sqs").get_queue_url(QueueName=INBOX)["QueueUrl"],
            sender=reminders["SenderAddress"],
            user_pool=identity["UserPoolId"],
            web_client=identity["WebClientId"],
            shipment_table=outputs.get(deploy.CONSUMER_STACK, {}).get("ShipmentTableName"),
        )

    def users(self) -> dict[str, User]:
        """The demo users, by role. Raises DamagedError."""
        return users.of(self.settings.home)

    def sign_in(self, role: str) -> str:
        """Returns an ID token of the user with this role. It is valid for an hour."""
        return users.sign_in(self.engine.client("cognito-idp"), self.places().web_client, self.users()[role])

    def functions(self) -> dict[str, str]:
        """The log group of each Lambda function of the apps, by construct id."""
        pages = self.engine.client("lambda").get_paginator("list_functions").paginate()
        groups = {one["FunctionName"]: one["LoggingConfig"]["LogGroup"] for page in pages for one in page["Functions"]}
        return {construct: groups[name] for construct, name in deploy.functions(self.engine).items()}

    def topic_messages(self) -> list[dict[str, Any]]:
        """The messages that the reminder topic sent to INBOX, oldest first."""
        inbox = self.engine.client("sqs").get_queue_url(QueueName=INBOX)["QueueUrl"]
        return self.engine.queued(inbox)

    def start(self, say: Callable[[str], None]) -> list[Engine | Cache]:
        """Starts the parts that do not run, and returns them. If one does not start, it stops the others again."""
        missing: list[Engine | Cache] = [part for part in (self.cache, self.engine) if not part.daemon.process()]
        for part in missing:
            require_free(part.port, option=part.port_option)
        died = [part for part in missing if part.daemon.died()]
        # Saved before the start: an `up` that is killed meanwhile leaves processes running on these ports.
        before = self.settings.remember("port", "redis_port")
        try:
            for part in missing:
                part.daemon.stop()
            if self.engine in missing and saved.recover(self.settings.state, stacks=deploy.OWN_STACKS):
                say("the engine was killed: all changes since it was last stopped are lost")
                missing = [self.cache, self.engine]
                self.cache.daemon.stop()
                self.cache.empty()
            elif self.cache in died:
                # The entries that a killed cache has saved are older than the rows.
                self.cache.empty()
            for part in missing:
                again = ", which has died," if part in died else ""
                say(f"starting {part.daemon.name}{again} on 127.0.0.1:{part.port}")
                part.start()
        except BaseException:
            for part in missing:
                part.daemon.stop()
            self.settings.put_back(before)
            raise
        return missing

    def _deploy(self, say: Callable[[str], None]) -> bool:
        """Deploys what has changed. Returns False if nothing has."""
        wanted = deploy.fingerprint(consumer=self.settings.consumer)
        deployed = deploy.deployed_fingerprint(self.engine)
        if deployed == wanted:
            return False
        if deployed and (changed := deploy.renew_code(self.engine, deployed=deployed, wanted=wanted)):
            say("deploying the changed code of functions")
            deploy.unmark_deployed(self.engine)
            # It changes only functions, so the engine's gaps stay closed.
            deploy.deploy_code(self.engine, changed)
        else:
            self._deploy_everything(say, wanted)
        code_pages.publish(self.engine, deploy.outputs(self.engine)[deploy.WEBSITE_STACK]["SiteBucketName"])
        deploy.mark_deployed(self.engine, wanted)
        # The calls of a deployment are not a cost of the apps.
        self.engine.meter(forget=True)
        return True

    def _deploy_everything(self, say: Callable[[str], None], wanted: str) -> None:
        if not deploy.is_synthesised(self.engine, wanted=wanted):
            assemblies.provide(self.engine, say, wanted=wanted)
        self.deploy_templates(say)

    def deploy_templates(self, say: Callable[[str], None]) -> None:
        """Deploys the templates of any version that are in the folder of this cloud. Raises DeployError."""
        deploy.unmark_deployed(self.engine)
        if not deploy.is_bootstrapped(self.engine):
            say("bootstrapping CDK")
            deploy.bootstrap(self.engine)
        # Before the deployment, because a stack cannot drop an export that another stack still uses.
        deploy.remove_left_stacks(self.engine, say)
        say("deploying")
        # The deployment writes to buckets. An interrupted deployment may have left some with "TLS only".
        gaps.allow_plain_http(self.engine)
        deploy.deploy(self.engine)
        # Removes the stacks whose exports were in use until the deployment.
        deploy.remove_left_stacks(self.engine, say)
        say("closing the engine's gaps, confirming the sender, creating the demo users")
        self.finish_deployment()

    def finish_deployment(self) -> None:
        """Does what has to follow each deployment of all stacks."""
        gaps.allow_plain_http(self.engine)
        gaps.widen_ses_grants(self.engine)
        gaps.show_page_without_tls(self.engine, deploy.outputs(self.engine)[deploy.WEBSITE_STACK])
        gaps.widen_sqs_grants(self.engine)
        self._confirm_addresses()
        self._create_users()

    def _create_users(self) -> None:
        outputs, demo = deploy.outputs(self.engine), self.users()
        users.create(self.engine, outputs[deploy.IDENTITY_STACK]["UserPoolId"], demo)
        users.publish(self.engine, outputs[deploy.WEBSITE_STACK]["SiteBucketName"], demo)

    def _confirm_addresses(self) -> None:
        """Confirms the sender and subscribes to the topic, as people do once after a deployment to AWS."""
        reminders = deploy.outputs(self.engine)[deploy.REMINDERS_STACK]
        self.engine.client("ses").verify_email_identity(EmailAddress=reminders["SenderAddress"])
        sqs, sns = self.engine.client("sqs"), self.engine.client("sns")
        inbox = sqs.create_queue(QueueName=INBOX)["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "sns.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": reminders["NotifyTopicArn"]}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        sqs.set_queue_attributes(QueueUrl=inbox, Attributes={"Policy": policy})
        # If the subscription exists, SNS returns it.
        sns.subscribe(
            TopicArn=reminders["NotifyTopicArn"],
            Protocol="sqs",
            Endpoint=arn,
            Attributes={"RawMessageDelivery": "true"},
        )
