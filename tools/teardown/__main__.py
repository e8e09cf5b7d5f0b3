"""`python -m tools.teardown`: removes a stage from AWS, or makes it ready for that. See decision D102."""

import os
import sys
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from stacks.names import LAPTOP_STAGE
from terminal import app
from terminal.app import UsageError
from terminal.errors import CommandError
from terminal.text import counted
from tools import command, deployment
from tools.command import Json, Stage
from tools.deployment import Deployment
from tools.show import Output
from tools.teardown import left, messages, stacks
from tools.teardown.executions import Executions
from tools.teardown.waiting import NAME, Waiting, refusal, still_waiting

if TYPE_CHECKING:
    from stacks.stage import Stage as StageSettings

DESCRIPTION = """\
Cancels the waiting reminders of a stage, so that you can destroy the stage. Step Functions deletes a workflow only
after its last execution has ended. CloudFormation waits for that, and would fail if a reminder is due next year.

With --destroy the command also deletes all stacks of the stage, and then lists what is left in the account. It first
says what it will stop and lose, and asks. `make destroy` does this.

A stage that keeps its data also keeps its reminders and messages: the command refuses it while some wait, unless you
give --give-up-reminders or --give-up-messages."""

EPILOG = """\
exit status: 0 no reminder waits, or with --destroy and --left no stack is left; 1 otherwise, or AWS could not be asked;
2 wrong usage"""


class Answers(NamedTuple):
    """What the options say, so that nobody is asked."""

    give_up_reminders: bool
    give_up_messages: bool
    yes: bool


COLUMNS = {"what": "what", "name": "name", "usd": "USD a month", "why": "why"}


def main(arguments: list[str] | None = None) -> int:
    """Removes one stage and returns the exit status that the help explains."""
    return command.exit_status(lambda: app.invoke(APP, NAME, arguments))


def run(
    stage: Stage = command.DEFAULT_STAGE,
    give_up_reminders: Annotated[
        bool, typer.Option("--give-up-reminders", help="cancel waiting reminders without a question")
    ] = False,
    destroy: Annotated[bool, typer.Option("--destroy", help="also delete the stacks, and list what is left")] = False,
    give_up_messages: Annotated[
        bool, typer.Option("--give-up-messages", help="with --destroy: lose the messages in the queues")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="with --destroy: do not ask")] = False,
    only_left: Annotated[bool, typer.Option("--left", help="change nothing, and list what is left")] = False,
    json: Json = False,
) -> int:
    if (yes or give_up_messages) and not destroy:
        raise UsageError("--yes and --give-up-messages work only with --destroy")
    if stage == LAPTOP_STAGE and not os.environ.get("AWS_ENDPOINT_URL"):
        raise CommandError(f"stage {stage} is not on AWS: `laptop down --forget` removes it")
    found = deployment.find(stage)
    if only_left:
        return _list_left(found, stage, as_json=json)
    command.find_node()
    # Here, because CDK starts Node when it is imported, and the help needs neither.
    from stacks.config import STAGES

    settings = STAGES[stage]
    executions = Executions(found)
    if not destroy:
        return _prepare(settings, executions, give_up_reminders=give_up_reminders)
    status = _destroy(settings, found, executions, answers=Answers(give_up_reminders, give_up_messages, yes))
    # Another deployment, because this one remembers the stacks.
    return _list_left(deployment.find(stage), stage, as_json=json) or int(status != 0)


def _prepare(stage: "StageSettings", executions: Executions, *, give_up_reminders: bool) -> int:
    """Cancels the waiting reminders, and leaves everything else."""
    if not (reminders := len(executions.reminders() | executions.deliveries())):
        print(f"no reminder of {stage.name} is waiting")
        return 0
    told = still_waiting(reminders, stage.name)
    if not give_up_reminders:
        if _keeps_data(stage):
            raise CommandError(refusal(reminders, stage.name))
        _ask(
            f"{told}. Cancel them for good?",
            without_terminal=f"{told}. To cancel them without a question, use --give-up-reminders",
            after_no="nothing was cancelled, so nothing is destroyed",
        )
    executions.give_up_reminders()
    print("cancelled")
    return 0


def _destroy(stage: "StageSettings", found: Deployment, executions: Executions, *, answers: Answers) -> int:
    """Deletes the stage's stacks, with all that waits in them, and returns the exit status of CDK."""
    if not (names := stacks.deployed(found, stage.name)):
        print(f"no stack of {stage.name} is deployed", file=sys.stderr)
        return 0
    stacks.require_unprotected(found, stage.name)
    waiting = Waiting(
        stage=stage.name,
        reminders=len(executions.reminders() | executions.deliveries()),
        orders=len(executions.orders()),
        messages=messages.in_queues(found),
    )
    if _keeps_data(stage):
        waiting.require_nothing(give_up_reminders=answers.give_up_reminders, give_up_messages=answers.give_up_messages)
    stacks.synthesise(stage.name)
    effects = [f"deletes {counted(len(names), 'stack')}: {', '.join(names)}", *waiting.effects()]
    if not _keeps_data(stage):
        effects.append("deletes all orders, reminders and users")
    print(f"Destroying {stage.name}:", *effects, sep="\n  ", file=sys.stderr)
    if not answers.yes:
        _ask(
            f"Destroy {stage.name} for good?",
            without_terminal="nothing was destroyed. To destroy the stage without a question, run "
            f"`{NAME} --stage {stage.name} --destroy --yes`",
            after_no="nothing was destroyed",
        )
    executions.give_up_reminders()
    executions.give_up()
    return stacks.destroy(stage.name, meanwhile=executions.give_up)


def _list_left(found: Deployment, stage: str, *, as_json: bool) -> int:
    """Prints what is left of the stage. Returns 1 if a stack is left."""
    rest = left.find(found, stage)
    rows = [
        {"what": one.what, "name": one.name, "usd": None if one.usd is None else f"{one.usd:.2f}", "why": one.why}
        for one in rest
    ]
    output = Output(as_json=as_json)
    output.rows(rows, COLUMNS, nothing=f"nothing of {stage} is left")
    if rest:
        total = sum(one.usd or 0 for one in rest)
        unknown = "" if all(one.usd is not None for one in rest) else ", without what has no price here"
        output.say(f"{total:.2f} USD a month in all{unknown}. docs/deploying.md says how to remove each of them.")
    return int(any(one.is_stack for one in rest))


def _keeps_data(stage: "StageSettings") -> bool:
    return bool(stage.removal_policy.name == "RETAIN")


def _ask(question: str, *, without_terminal: str, after_no: str) -> None:
    """Raises CommandError with one of the two texts, unless the user answers with yes."""
    if not sys.stdin.isatty():
        raise CommandError(without_terminal)
    try:
        answer = input(f"{question} [y/N] ").strip().lower()
    except EOFError:
        answer = ""
    if answer not in ("y", "yes"):
        raise CommandError(after_no)


APP = app.of_one_command(run, help=DESCRIPTION, epilog=EPILOG)


if __name__ == "__main__":
    sys.exit(main())
