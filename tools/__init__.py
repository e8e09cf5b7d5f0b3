"""Command-line programs for people, and what they share.

The programs are the folders with a `__main__` and `teardown`; `python -m tools` lists them. `install`, `versions` and
`remindme.from_make` are for the Makefile. The rest is their library: `deployment` (a stage as it is deployed), `aws`
(where its AWS is), `laptop`, `api`, `accounts`, `command`, `show`, `errors` and `text`. `redis` stands alone.
"""

import terminal  # noqa: F401 - its answer to Ctrl-C is ours too
