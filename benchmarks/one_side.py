"""Measure one checkout for `benchmarks.beside`: posts in JSON come in, times in JSON go out.

It runs with `PYTHONPATH` set to the checkout, so it uses only what all versions have.
"""

import json
import resource
import sys
from time import perf_counter, process_time

from unco.small_model.checkpoint import from_pretrained
from unco.small_model.model_input import ModelInput


def main() -> None:
    """Read posts in batches of the given size, once to warm up and then the given number of rounds."""
    size, rounds = map(int, sys.argv[1:])
    posts = [ModelInput(tuple(words)) for words in json.load(sys.stdin)]
    predictor = from_pretrained()
    if size > 1:  # else torch would be started in the middle of a round
        predictor = predictor.to("cpu")
    wall, cpu = [], []
    for _ in range(1 + rounds):
        began, worked = perf_counter(), process_time()
        for start in range(0, len(posts), size):
            predictor.predict(posts[start : start + size])
        wall.append(perf_counter() - began)
        cpu.append(process_time() - worked)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sys.stdout.write(json.dumps({"wall": min(wall[1:]), "cpu": min(cpu[1:]), "peak": peak}))


if __name__ == "__main__":
    main()
