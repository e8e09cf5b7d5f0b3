"""What measures speed. Each module writes its report, which is committed, beside itself."""

import tools  # noqa: F401 - it makes the Lambdas' modules importable
