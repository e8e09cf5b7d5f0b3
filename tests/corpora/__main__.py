"""`python -m tests.corpora`: how many ordinary texts the rules refuse, and how many card numbers they see."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "lambdas"))

from tests.corpora.measure import measured

for line in measured(seed=int(sys.argv[1]) if sys.argv[1:] else 1):
    print(f"{line.corpus:40} {line.size:7,} texts, {line.taken_for_cards:7,} taken for card numbers")
    for example in line.wrong[:10]:
        print(f"    wrong: {example!r}")
