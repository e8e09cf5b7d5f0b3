"""What still waits in a stage, and would be cancelled, stopped or lost."""

from collections.abc import Mapping
from dataclasses import dataclass

from terminal.errors import CommandError
from terminal.text import counted

NAME = "python -m tools.teardown"


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What waits in `stage`."""

    stage: str

    reminders: int
    """Also those that are being sent."""

    orders: int = 0
    """Orders on which the workflow still works."""

    messages: Mapping[str, int]
    """The numbers of messages by queue."""

    def effects(self) -> list[str]:
        """What a destruction does to them."""
        return [
            *([f"cancels {counted(self.reminders, 'reminder')}"] if self.reminders else []),
            *([f"stops the workflows of {counted(self.orders, 'order')}"] if self.orders else []),
            *(f"deletes {counted(count, 'message')} in {queue}" for queue, count in self.messages.items()),
        ]

    def require_nothing(self, *, give_up_reminders: bool, give_up_messages: bool) -> None:
        """Raises CommandError if a stage that keeps its data would lose something that nobody has given up."""
        if self.reminders and not give_up_reminders:
            raise CommandError(refusal(self.reminders, self.stage))
        if self.orders:
            told = f"the workflow of {self.stage} still works on {counted(self.orders, 'order')}"
            raise CommandError(f"{told}, so nothing is destroyed. Try again in five minutes")
        if self.messages and not give_up_messages:
            where = ", ".join(f"{count} in {queue}" for queue, count in self.messages.items())
            raise CommandError(
                f"messages wait in the queues of {self.stage}, so nothing is destroyed: {where}. To lose them, run "
                f"`{NAME} --stage {self.stage} --destroy --give-up-messages`"
            )


def refusal(reminders: int, stage: str) -> str:
    again = f"`{NAME} --stage {stage} --give-up-reminders`"
    return f"{still_waiting(reminders, stage)}, so nothing is destroyed. To cancel them, run {again}"


def still_waiting(reminders: int, stage: str) -> str:
    are = "is" if reminders == 1 else "are"
    return f"{counted(reminders, 'reminder')} of {stage} {are} still waiting"
