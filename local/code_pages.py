"""The code that the page's panel for learners links to, as pages of the laptop cloud. See decision D194."""

from collections.abc import Iterator
from html import escape
from itertools import groupby

from local.engine import Engine
from stacks.sources import ROOT, Source, sources

PREFIX = "code/"
"""The folder on the page's host. `source_url` of the stage names it."""

PAGE = """\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width" />
    <title>{path}</title>
    <link rel="stylesheet" href="/styles/page.css" />
    <link rel="stylesheet" href="/styles/parts.css" />
    <link rel="stylesheet" href="/styles/views.css" />
  </head>
  <body>
    <main class="code">
      <h1>{path}</h1>
      <pre tabindex="0">
{lines}</pre>
    </main>
  </body>
</html>
"""


def publish(engine: Engine, site: str) -> None:
    """Writes a page for each file of `website/sources.json` into the page's bucket.

    A deployment removes them, because they are not among the page's files.
    """
    s3 = engine.client("s3")
    for path, text in pages():
        # The address ends in `.py` or `.json`, so only this type makes it a page.
        s3.put_object(
            Bucket=site,
            Key=PREFIX + path,
            Body=text.encode(),
            ContentType="text/html; charset=utf-8",
            CacheControl="no-store",
        )


def pages() -> Iterator[tuple[str, str]]:
    """The path and the HTML of each page. Each symbol is the anchor of its line."""
    ordered = sorted(set(sources()))
    for path, found in groupby(ordered, key=lambda one: one.path):
        yield path, _page(path, {one.line: one for one in found})


def _page(path: str, symbols: dict[int, Source]) -> str:
    lines = (ROOT / path).read_text().splitlines()
    width = len(str(len(lines)))

    def shown(number: int, line: str) -> str:
        # The page makes the same anchor. An id has no blanks.
        anchor = f' id="{escape(symbols[number].symbol.replace(" ", "-"))}"' if number in symbols else ""
        return f'<span{anchor}><span class="quiet">{number:{width}}</span>  {escape(line)}\n</span>'

    return PAGE.format(path=escape(path), lines="".join(shown(*one) for one in enumerate(lines, 1)))
