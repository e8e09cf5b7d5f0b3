"""Command-line programs for people, and the library that the programs share.

The programs are the folders with a `__main__`. `python -m tools` lists them. The Makefile calls `install`, `versions`
and `remindme.from_make`. The library is `deployment` (a deployed stage), `aws` (where the AWS of a stage is), `laptop`,
`api`, `accounts`, `command`, `show` and `errors`. `redis` does not use the library, except for `redis-url.py`.
"""

import terminal  # noqa: F401 - handles Ctrl-C during the imports
