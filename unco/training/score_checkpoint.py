"""Score a saved checkpoint."""

import logging
from pathlib import Path

from unco.evals.data.gold_types import by_scheme
from unco.evals.data.twitter_gmner import SPLITS
from unco.small_model.checkpoint import from_pretrained
from unco.small_model.fingerprint import SHIPPED
from unco.small_model.gold_inputs import entity_names
from unco.training.examples.data_paths import DataPaths, check_captions, check_regions, make_input_builder, read_split
from unco.training.model_report import ModelReport, report_model

log = logging.getLogger(__name__)


def score_checkpoint(paths: DataPaths, folder: Path | None, estimator: str | None = None) -> ModelReport:
    """Score a saved checkpoint on dev and test.

    Args:
        paths: as for `run_training`.
        folder: of the checkpoint; None = the shipped one.
        estimator: of uncertainty, by name; None = the checkpoint's.
    """
    predictor = from_pretrained(folder or SHIPPED, estimator=estimator).to("cpu")
    config = predictor.network.config
    check_captions(paths, config)
    gold = {split: read_split(paths, config.label_scheme, split) for split in SPLITS}
    names = entity_names(gold["train"])
    build_input = make_input_builder(paths, gold["train"], config.people)
    if paths.regions is not None:
        check_regions(build_input, gold, log.warning)
    dev, test = (by_scheme(gold[split], config, predictor.scheme.name) for split in ("dev", "test"))
    return report_model(predictor, build_input, names, dev, test)
