"""Measure one checkout for `benchmarks.beside`: posts with the pictures of a folder go in, times in JSON come out.

It runs with `PYTHONPATH` set to the checkout, so it uses only what all versions have.
"""

import json
import resource
import sys
from pathlib import Path
from time import perf_counter, process_time

import unco


def main() -> None:
    """Run a post with each picture of a folder, several at once, after one that does not count."""
    first, *pictures = sorted(map(str, Path(sys.argv[1]).iterdir()))
    context = unco.Context(mode="off")
    texts = ("Kevin Durant meets Angelina Jolie in Oslo", "New phone by Samsung", "Chelsea win at Old Trafford again")
    unco.extract_many([{"text": texts[0], "image": first}], context=context, at_once=16)
    posts = [{"text": texts[place % len(texts)], "image": image} for place, image in enumerate(pictures)]
    began, worked = perf_counter(), process_time()
    found = unco.extract_many(posts, context=context, at_once=16)
    wall, cpu = perf_counter() - began, process_time() - worked
    assert all(isinstance(one, unco.Result) and one.seen_picture for one in found)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sys.stdout.write(json.dumps({"wall": wall, "cpu": cpu, "peak": peak}))


if __name__ == "__main__":
    main()
