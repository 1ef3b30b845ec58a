"""Trains a tiny network as a process of its own, which can be made to die in the middle: see test_training.py."""

import hashlib
import json
import os
import signal
import sys
from dataclasses import replace
from itertools import count
from pathlib import Path
from random import Random

from tests.tiny import TINY, gold_post, tiny_predictor, tiny_tokenizer
from unco.evals.metrics.paper import score
from unco.small_model.gold_inputs import SimulatedRegionsInput
from unco.small_model.model_input import ModelInput
from unco.training import trainer as training
from unco.training.recipe import Recipe
from unco.types import GoldPost

RECIPE = Recipe(name="tiny", epochs=4, batch_size=4, encoder_lr=1e-3, new_lr=2e-3, bf16=False, warmup=0.1, unseen=0.2)


def posts(number: int) -> list[GoldPost]:
    """Different posts: the known one with some words doubled, so that lengths and places differ."""
    made = []
    for index in range(number):
        post = gold_post(str(index))
        made.append(replace(post, tokens=(*post.tokens, *(["hey"] * (index % 5)))))
    return made


def main(folder: Path, dies_at: int, resume: bool) -> None:
    """Train and print the log and a hash of the final weights.

    Args:
        folder: of the run.
        dies_at: the process kills itself when the training looks at a post for the n-th time; 0 = never.
        resume: go on from the last checkpoint.
    """
    predictor = tiny_predictor(config=replace(TINY, dropout=0.1))
    network = predictor.network.in_torch.requires_grad_(True)
    simulated, looks = SimulatedRegionsInput(("Blue Owls", "Ann Lee")), count(1)

    def build_input(post: GoldPost, random: Random) -> ModelInput:
        if next(looks) == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return simulated(post, random)

    dev = posts(6)

    def score_dev() -> float:
        found = replace(predictor, network=network).predict([ModelInput(post.tokens) for post in dev])
        return score(dev, found, "MNER").f1

    log = training.train(network, tiny_tokenizer(), RECIPE, posts(16), build_input, score_dev, folder, resume)
    digest = hashlib.sha256()
    for name, value in sorted(network.state_dict().items()):
        digest.update(name.encode() + value.numpy().tobytes())
    scores = [(entry["epoch"], entry["eval_f1"]) for entry in log if "eval_f1" in entry]
    sys.stdout.write(json.dumps({"scores": scores, "weights": digest.hexdigest()}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] == ["resume"])
