"""The laptop cloud: it starts the engine and the cache, deploys the stage `local`, and closes the engine's gaps.

Nothing in `stacks` or `lambdas` depends on it.

See decision D110.
"""

import terminal  # noqa: F401 - handles Ctrl-C during imports
