"""Runs drills on a new laptop cloud, prints what they saw, and writes the report."""

import sys
import time
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from local.cloud import Cloud
from local.processes import free_port
from local.settings import PROJECT, Settings
from local.users import OPERATOR
from tests.drill.alarms import watched
from tests.drill.drills import Drill, Result, run
from tests.drill.report import line, report
from tests.drill.table import DRILLS
from tests.support.cloud.apps import Apps

REPORT = PROJECT / "docs" / "drill.md"


def main(names: Iterable[str]) -> int:
    names = set(names)
    drills = [one for one in DRILLS if not names or one.alarm in names]
    if unknown := names - {one.alarm for one in drills}:
        print(f"error: no such alarm: {', '.join(sorted(unknown))}", file=sys.stderr)
        return 2
    with TemporaryDirectory(prefix="drill-") as folder:
        cloud = Cloud(Settings(home=Path(folder), port=free_port(), redis_port=free_port(), idle_seconds=3600))
        try:
            cloud.up(print)
            return _drill(Apps(cloud, cloud.places(), user=cloud.users()[OPERATOR]), drills, write=not names)
        finally:
            for part in (cloud.engine, cloud.cache):
                part.daemon.stop()


def _drill(apps: Apps, drills: list[Drill], *, write: bool) -> int:
    results: list[Result] = []
    failed, began = 0, time.monotonic()
    with watched(apps, "drill-inbox") as alarms:
        for drill in drills:
            try:
                found = run(drill, alarms)
                results += found
                print("\n".join(map(line, found)), flush=True)
            except Exception as error:  # the other alarms are tried all the same
                failed += 1
                print(f"FAILED  {drill.alarm}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
    alarms_of_drills = sum(len(one.alarms) for one in drills)
    print(f"{len(results)} of {alarms_of_drills} alarms went off and ended, in {time.monotonic() - began:.0f} seconds")
    if write and not failed:
        REPORT.write_text(report(results, today=date.today()))
        print(f"wrote {REPORT.relative_to(PROJECT)}")
    return int(failed > 0)
