"""Counts how many ordinary texts the rules refuse, and how many card numbers they find."""

import argparse

from tests.corpora.measure import measured

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.corpora", description=__doc__)
    parser.add_argument("seed", type=int, nargs="?", default=1, help="another number makes other texts (default: 1)")
    for line in measured(seed=parser.parse_args().seed):
        print(f"{line.corpus:40} {line.size:7,} texts, {line.taken_for_cards:7,} taken for card numbers")
        for example in line.wrong[:10]:
            print(f"    wrong: {example!r}")
