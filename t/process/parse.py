"""Reads a page with a parser of prometheus_client and prints its families as JSON.

    parse.py openmetrics|text <page

Fails with the parser's words where it refuses the page, and where those who split lines as Python does, at more than
line feeds, would read another one.
"""

import json
import sys

from prometheus_client import parser
from prometheus_client.openmetrics import parser as strict

PARSERS = {
    "openmetrics": strict.text_string_to_metric_families,
    "text": parser.text_string_to_metric_families,
}

page = sys.stdin.buffer.read().decode("utf-8")
for own, other in zip(page.split("\n"), page.splitlines() + [""]):
    if own != other:
        sys.exit(f"a line ends early for some: {own!r}")
families = [
    {
        "name": family.name,
        "type": family.type,
        "help": family.documentation,
        # Infinite values are no JSON.
        "samples": [[one.name, one.labels, repr(float(one.value))] for one in family.samples],
    }
    for family in PARSERS[sys.argv[1]](page)
]
json.dump(families, sys.stdout)
