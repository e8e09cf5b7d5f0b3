"""Benchmarks. Each module writes its report next to itself, and the report is committed."""

import terminal  # noqa: F401 - handles Ctrl-C during the imports
