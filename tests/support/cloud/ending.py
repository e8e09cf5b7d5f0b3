"""Ends a laptop cloud whose data nobody needs any more."""

import contextlib

import psutil

from local.cloud import Cloud


def end(cloud: Cloud) -> None:
    """Kills the processes. A stop would wait for due reminders, and save everything that the tests have left."""
    for part in (cloud.engine, cloud.cache):
        if process := part.daemon.process():
            for member in (process, *process.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    member.kill()
        part.daemon.stop()
