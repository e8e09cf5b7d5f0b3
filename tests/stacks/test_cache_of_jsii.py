"""CDK's library is a Node program that unpacks itself into a cache."""

import os
import re
import subprocess
import sys

from local.settings import PROJECT


def test_synthesis_needs_no_writable_home():
    """Nobody, not even root, can make a folder below /dev/null."""
    given = {name: value for name, value in os.environ.items() if not name.startswith("JSII_")}

    run = subprocess.run(
        [sys.executable, "-c", "import stacks, aws_cdk; aws_cdk.App()"],
        cwd=PROJECT,
        env=given | {"HOME": os.devnull},
        capture_output=True,
        text=True,
    )

    assert (run.returncode, run.stderr) == (0, "")


def test_the_app_names_the_cache_before_it_loads_the_library():
    imported = re.findall(r"^ *(?:import|from) (stacks|aws_cdk)\b", (PROJECT / "app.py").read_text(), re.MULTILINE)

    assert imported[:2] == ["stacks", "aws_cdk"]
