"""What measures speed. Each module writes its report, which is committed, beside itself."""

import terminal  # noqa: F401 - its answer to Ctrl-C is ours too
