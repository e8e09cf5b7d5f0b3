"""The table of reminders."""

from constructs import Construct

from reminders.reminder import BY_OWNER, BY_STATUS, BY_TEXT, TEXT_ID
from stacks.kept_table import Index, KeptTable
from stacks.stage import Stage


class ReminderTable(KeptTable):
    """One row per reminder, found by id, owner or status. DynamoDB deletes it some days after it was due.

    `client_environment` holds the environment variables of functions that use the table.
    """

    def __init__(self, scope: Construct, id: str, *, stage: Stage) -> None:
        super().__init__(
            scope,
            id,
            stage=stage,
            key="ReminderId",
            indexes=(
                Index(name=BY_OWNER, key="Owner", sorted_by="DueAt"),
                # See decision D049.
                Index(name=BY_STATUS, key="Status", sorted_by="DueAt"),
                # Only reminders that were sent by SMS are in it. See decision D200.
                Index(name=BY_TEXT, key=TEXT_ID, fields=()),
            ),
            expires_at="ExpiresAt",
        )
        self.client_environment = {
            "REMINDER_TABLE": self.table_name,
            "DAYS_KEPT": str(stage.days_reminders_are_kept),
        }
