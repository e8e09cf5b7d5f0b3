"""CDK's command line asks the engine more often whether a stack is ready. See local/quick_polls.cjs."""

import json
import subprocess

from local.deploy import QUICK_POLLS
from local.settings import PROJECT

DELAYS = """
const delays = [5000, 4999, 1000].map((asked) => {
  const timer = setTimeout(() => {}, asked);
  const delay = timer._idleTimeout;
  clearTimeout(timer);
  return delay;
});
require("node:util").promisify(setTimeout)(0).then(() => console.log(JSON.stringify(delays)));
"""


def test_cdk_itself_asks_every_five_seconds() -> None:
    """If this fails, read how the new CDK waits, and change or delete local/quick_polls.cjs."""
    cdk = (PROJECT / "node_modules" / "aws-cdk" / "lib" / "index.js").read_text()

    assert "async function waitFor(valueProvider, timeout = 5e3) {" in cdk
    assert "await new Promise((cb) => setTimeout(cb, timeout));" in cdk


def test_only_the_wait_for_a_stack_is_shortened() -> None:
    command = ["node", "--require", str(QUICK_POLLS), "--eval", DELAYS]

    delays = subprocess.run(command, capture_output=True, check=True, text=True).stdout

    assert json.loads(delays) == [50, 4999, 1000]
