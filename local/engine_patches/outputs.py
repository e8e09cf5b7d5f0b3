"""Makes updates that change only a stack's outputs behave as on AWS.

On AWS a change set that changes only a stack's outputs has no `Changes`, is complete, and can be executed. The engine
treats it like one that changes nothing (`services/cloudformation/changesets.py:763`). A new stack then never finds the
export that it needs, however often both are deployed.

On AWS an export is removed together with its output. If another stack uses the export, the update fails. The engine
keeps every export until its stack is deleted (`services/cloudformation/stacks.py:1116`).
"""

import functools
from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import _exports, _stacks, changesets, handlers, stacks

from local.engine_patches import lines

CHANGES_OUTPUTS = 'cs_type == "UPDATE" and template.get("Outputs", {}) != old_template.get("Outputs", {})'


def apply() -> None:
    """Makes the engine execute change sets that change only outputs, and remove exports with their outputs."""
    lines.replace(changesets, "_create_change_set", "    elif changes:\n", f"    elif changes or {CHANGES_OUTPUTS}:\n")
    handlers._ACTION_HANDLERS["CreateChangeSet"] = changesets._create_change_set
    stacks._resolve_stack_outputs = dropping_exports(stacks._resolve_stack_outputs)


def dropping_exports(resolve: Callable[..., Any]) -> Callable[..., Any]:
    """Returns `resolve`, changed to also remove the exports of outputs that are gone.

    A deployment calls it last. A ValueError makes the deployment fail.
    """

    @functools.wraps(resolve)
    def resolve_and_drop(*arguments: Any) -> Any:
        outputs, exports = resolve(*arguments)
        stack_id = arguments[-1]
        gone = [name for name, export in _exports.items() if export["StackId"] == stack_id and name not in exports]
        for name in gone:
            if user := _user_of(name):
                raise ValueError(f"Cannot delete export {name} as it is in use by {user}.")
        for name in gone:
            del _exports[name]
        return outputs, exports

    return resolve_and_drop


def _user_of(export: str) -> str | None:
    """The name of a stack that imports the export, or None."""
    for name, stack in _stacks.items():
        status = stack["StackStatus"]
        if status.endswith("_COMPLETE") and "DELETE" not in status:
            if export in handlers._imported_export_names(stack, name):
                return str(name)
    return None
