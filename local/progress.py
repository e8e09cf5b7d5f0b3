"""Shows the steps of `laptop up`: what happens now, for how long, and how many stacks are deployed."""

import contextlib
import time
from collections.abc import Iterator

from rich.console import Console
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
from rich.text import Text

from local import deploy
from local.cloud import Cloud

DEPLOYING = "deploying"
"""The step that names the deployed stacks."""


class _Seconds(ProgressColumn):
    """How long a step takes or took."""

    def render(self, task: Task) -> Text:
        return Text(f"{(task.finished_time if task.finished else task.elapsed) or 0:.0f} s", "dim")


class Steps:
    """The steps, one after the other."""

    def __init__(self, console: Console, progress: Progress | None, cloud: Cloud) -> None:
        self._console = console
        self._progress = progress
        self._cloud = cloud
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """The seconds since the first step."""
        return time.monotonic() - self._began

    def begin(self, text: str) -> None:
        """Ends the last step and begins the step `text`."""
        if self._progress is None:
            self._console.print(Text(text))
            return
        self.end()
        self._progress.add_task(text, total=1, began=time.time())

    def end(self) -> None:
        """Ends the last step."""
        for task in self._progress.tasks[-1:] if self._progress else []:
            self._progress.update(task.id, completed=1)  # type: ignore[union-attr]  # the loop is empty without one


@contextlib.contextmanager
def shown(console: Console, cloud: Cloud) -> Iterator[Steps]:
    """Shows steps in a terminal while they last. Elsewhere, for example in a file, each step is a line."""
    if not console.is_terminal:
        yield Steps(console, None, cloud)
        return
    columns = (SpinnerColumn(finished_text="[green]✓[/]"), _Named(cloud), _Seconds())
    with Progress(*columns, console=console, refresh_per_second=4) as progress:
        steps = Steps(console, progress, cloud)
        yield steps
        steps.end()


class _Named(TextColumn):
    """The step, and for the deployment how many stacks it has deployed."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__("{task.description}", markup=False)
        self._cloud = cloud

    def render(self, task: Task) -> Text:
        text = super().render(task)
        if task.description == DEPLOYING and not task.finished:
            done, all = deploy.stacks_done(self._cloud.engine, since=task.fields["began"])
            text.append(f": {done} of {all} stacks")
        return text
