"""The check of the stacks' names: whether another project has stacks with the names of the stage's stacks."""

from stacks.names import STACKS, stack_name
from tools.doctor.result import Result
from tools.doctor.target import Target

TAGS = ("stage", "app", "owner")
"""The tags that tell our stacks from other stacks. The owner tells two teams that deploy this project."""


def foreign_stacks(target: Target) -> Result:
    """Whether each deployed stack has the tags of this stage. A deployment would overwrite another project's stack."""
    # CDK is already imported, because the target has a stage.
    from stacks.spending import tags_of

    for stack in filter(target.has, STACKS):
        wanted = tags_of(stack, stage=target.stage)
        tags = {tag["Key"]: tag["Value"] for tag in (target.own(stack) or {}).get("Tags", [])}
        if differ := [name for name in TAGS if tags.get(name) != wanted[name]]:
            name = stack_name(target.stage.name, stack)
            told = " and ".join(f"{key}={tags[key]}" if key in tags else f"no tag {key}" for key in differ)
            advice = (
                "deploy to another account or region, or give the stage another name in stacks/config.py. If the stack "
                f"is yours, and you have changed {' and '.join(differ)}, allow it"
            )
            return Result("problem", f"{name} may belong to another project or team: it has {told}", advice)
    return Result("ok", "no other project has stacks with these names")
