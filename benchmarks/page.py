"""Measures the first load of the page on a new laptop cloud: its bytes, and the time until a user can type into it."""

import gzip
import statistics
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Response, sync_playwright

from benchmarks.lookups import cloud_of_its_own
from benchmarks.report import Ratio, Section, in_turn
from local import deploy
from local.cloud import Cloud
from terminal import browser as chromium

ROUNDS = 10
CHECK_ROUNDS = 5
SECONDS = 120
LEVEL = 6
"""The usual gzip level of web servers. The laptop's engine does not compress, so the sizes are calculated."""

EMPTY = "empty.html"
EMPTY_PAGE = '<!doctype html><html lang="en"><title>Empty</title><p>Empty</p><input id="door-email">'
QUIET_MS = 500
WATCH = """
  window.watched = { field: 0, busyUntil: 0 };
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries()) {
      watched.busyUntil = Math.max(watched.busyUntil, startTime + duration);
    }
  }).observe({ type: "longtask", buffered: true });
  const look = () => {
    const field = document.getElementById("door-email");
    if (field && !field.disabled) {
      watched.field = performance.now();
    } else {
      requestAnimationFrame(look);
    }
  };
  look();
"""
"""Records the time when the user can type into the field, and when the last task of more than 50 ms ended."""

TIMES = """(quiet) => new Promise((done) => {
  const look = () => {
    if (!watched.field || performance.now() < Math.max(watched.field, watched.busyUntil) + quiet) {
      requestAnimationFrame(look);
      return;
    }
    const [{ domContentLoadedEventEnd }] = performance.getEntriesByType("navigation");
    const [paint] = performance.getEntriesByName("first-contentful-paint");
    const interactive = Math.max(watched.field, watched.busyUntil, domContentLoadedEventEnd);
    done({ paint: paint.startTime, interactive });
  };
  look();
})"""
"""Waits until the page has been quiet for some time, and returns the time of each event."""

TEXT = """\
With {browser}. The page comes from a laptop cloud on the same machine, and the browser's cache is empty. "Bytes"
counts the bodies of the responses, without headers. "Gzipped" is the size of each file at gzip level {level}, close
to what CloudFront sends. The page is interactive when the user can type into the sign-in form and the main thread
is idle. A headless browser does not load the icon. Medians of {rounds} loads, in turn:

{table}

### What is loaded

{files}"""


@dataclass(frozen=True)
class Load:
    """One first load: milliseconds since its beginning, and the size in bytes of each response, by its address."""

    paint: float
    interactive: float
    raw: Mapping[str, int]
    gzipped: Mapping[str, int]


def load(browser: Browser, address: str) -> Load:
    """Loads the page at `address` in a new profile, whose cache is empty."""
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script(WATCH)
    responses: list[Response] = []
    page.on("response", lambda response: responses.append(response))
    page.goto(address)
    times = page.evaluate(TIMES, QUIET_MS)
    refused = [response.url for response in responses if response.status != 200]
    if refused:
        raise SystemExit(f"these addresses were not answered with 200: {', '.join(refused)}")
    bodies = {response.url: response.body() for response in responses}
    context.close()
    return Load(
        paint=times["paint"],
        interactive=times["interactive"],
        raw={url: len(body) for url, body in bodies.items()},
        gzipped={url: len(gzip.compress(body, LEVEL)) for url, body in bodies.items()},
    )


def put_an_empty_page(cloud: Cloud) -> None:
    bucket = deploy.outputs(cloud.engine)["local-website"]["SiteBucketName"]
    cloud.engine.client("s3").put_object(Bucket=bucket, Key=EMPTY, Body=EMPTY_PAGE, ContentType="text/html")


def table_of(loads: Mapping[str, list[Load]]) -> str:
    """The medians as a table in Markdown. Each time is also shown as a multiple of the empty page's time."""
    lines = [
        "| | requests | bytes | gzipped | first paint, ms | multiple | interactive, ms | multiple |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    empty = loads["empty page"]
    for name, each in loads.items():
        paint, interactive = (median(each, what) for what in ("paint", "interactive"))
        lines.append(
            f"| {name} | {len(each[0].raw)} | {sum(each[0].raw.values()):,} | {sum(each[0].gzipped.values()):,} "
            f"| {paint:.0f} | {paint / median(empty, 'paint'):.2f} "
            f"| {interactive:.0f} | {interactive / median(empty, 'interactive'):.2f} |"
        )
    return "\n".join(lines)


def median(loads: list[Load], what: str) -> float:
    return float(statistics.median(getattr(one, what) for one in loads))


def files_of(one: Load) -> str:
    """The files of a load as a table in Markdown, the largest first."""
    lines = [
        f"| {urlsplit(url).path.lstrip('/') or 'index.html'} | {size:,} | {one.gzipped[url]:,} |"
        for url, size in sorted(one.raw.items(), key=lambda item: -item[1])
    ]
    return "\n".join(["| file | bytes | gzipped |", "|---|---:|---:|", *lines])


def measure(rounds: int) -> Section:
    with cloud_of_its_own() as (cloud, places), sync_playwright() as playwright:
        put_an_empty_page(cloud)
        path = chromium.find()
        browser = playwright.chromium.launch(executable_path=path, args=chromium.FLAGS)
        addresses = {"empty page": places.site + EMPTY, "sign-in": places.site}
        # Not measured, because the first load also starts processes of the browser and the engine.
        load(browser, places.site)
        loads = in_turn(rounds, {name: partial(load, browser, address) for name, address in addresses.items()})
        named = f"{Path(path).name} {browser.version}"
        browser.close()
    files = files_of(loads["sign-in"][0])
    return Section(
        title="First load of the page",
        text=TEXT.format(browser=named, level=LEVEL, rounds=rounds, table=table_of(loads), files=files),
        ratios=[
            Ratio(
                name=f"page: {name}, sign-in / empty page",
                value=median(loads["sign-in"], what) / median(loads["empty page"], what),
                better="lower",
            )
            for name, what in (("first paint", "paint"), ("interactive", "interactive"))
        ],
    )
