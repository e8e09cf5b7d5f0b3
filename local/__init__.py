"""The laptop cloud: starts the engine and the cache, deploys the templates of stage `local`, closes the engine's gaps.

Nothing in the stacks or in the Lambdas knows of it.
"""

import terminal  # noqa: F401 - its answer to Ctrl-C is ours too
