"""What Monte Carlo dropout costs beside the deterministic prediction, with the shipped checkpoint."""

from collections.abc import Callable

from unco.evals.bench.timing import Measured, measure
from unco.small_model.checkpoint import load_checkpoint
from unco.small_model.config import McDropout
from unco.small_model.predictor import ModelInput

POST = ModelInput(tuple("Grace Hopper of the US Navy spoke in Boston about COBOL , and the crowd loved it".split()))


def measure_small_model(rounds: int = 15) -> list[Measured]:
    """One post and a batch of 32, deterministic and with T = 10 passes."""
    sampling = load_checkpoint()
    plain = sampling.with_mc(McDropout(passes=0))
    batch = [POST] * 32
    tasks: dict[str, Callable[[], object]] = {
        "1 post, deterministic": lambda: plain.predict([POST]),
        "1 post, T = 10": lambda: sampling.predict([POST]),
        "32 posts, deterministic": lambda: plain.predict(batch),
        "32 posts, T = 10": lambda: sampling.predict(batch),
    }
    return measure(tasks, rounds, warm_up=2)
