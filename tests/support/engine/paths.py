"""Where an engine that start.py started answers to tests. This module imports nothing of the engine."""

from pathlib import Path

PATH = "/_ministack/workflows"
"""POST `{"faults": [...]}` begins to watch, GET answers what executions did since, DELETE ends it."""

ASKED = "/_ministack/asked"
"""POST begins to watch, GET answers what the engine checked and what workflows called since, DELETE ends it."""

START = Path(__file__).with_name("start.py")
