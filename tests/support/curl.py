"""The options of curl that docs/tutorial.md uses, for machines without curl."""

import argparse
import sys
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit


def main() -> None:
    parser = argparse.ArgumentParser(prog="curl")
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-S", action="store_true")
    parser.add_argument("-i", action="store_true")
    parser.add_argument("-w", default="")
    parser.add_argument("-H", action="append", default=[])
    parser.add_argument("-d")
    parser.add_argument("url")
    given = parser.parse_args()
    url = urlsplit(given.url)
    headers = dict(header.split(": ", 1) for header in given.H)
    data = Path(given.d[1:]).read_text() if given.d and given.d.startswith("@") else given.d
    connection = HTTPConnection(url.netloc)
    connection.request("POST" if data else "GET", url.path, body=data, headers=headers)
    answer = connection.getresponse()
    if given.i:
        print(f"HTTP/1.1 {answer.status} {answer.reason}", *map(": ".join, answer.getheaders()), "", sep="\r\n")
    sys.stdout.write(answer.read().decode() + given.w.replace("\\n", "\n"))


if __name__ == "__main__":
    main()
