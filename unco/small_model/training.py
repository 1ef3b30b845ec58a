"""Training with `transformers.Trainer`: dev chooses the checkpoint, test is never looked at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from random import Random
from typing import Any

import torch
import yaml
from pydantic import TypeAdapter
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import Trainer, TrainingArguments, set_seed

from unco.errors import SettingsError
from unco.small_model.batch import Batch
from unco.small_model.config import McDropout
from unco.small_model.network import Network, Targets
from unco.small_model.predictor import ModelInput, Prediction, Predictor
from unco.small_model.training_data import Collator, GoldPosts, region_candidates
from unco.small_model.uncertainty import log_cardinality
from unco.types import GoldPost, Thresholds

ScoreFunction = Callable[[Sequence[GoldPost], Sequence[Sequence[Prediction]]], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Settings of a training run, read from a YAML file."""

    name: str
    epochs: int = 8
    batch_size: int = 16
    encoder_lr: float = 1e-4
    """Learning rate of the pretrained encoder."""
    new_lr: float = 5e-4
    """Learning rate of everything else."""
    weight_decay: float = 0.01
    warmup: float = 0.1
    """Share of the steps over which the rate rises; then it falls linearly to 0."""
    clip: float = 1.0
    """Largest gradient norm."""
    dropout: float = 0.1
    label_smoothing: float = 0.0
    region_loss: float = 0.2
    bio_loss: float = 0.5
    decoder_layers: int = 2
    seed: int = 1
    mc_dropout: McDropout = McDropout()
    """What the normaliser and the thresholds are fitted with, and what is saved with the checkpoint."""


def read_recipe(path: Path) -> Recipe:
    """Read a recipe; unknown settings are refused.

    Raises:
        SettingsError: the file is not a mapping of known settings.
    """
    known = {field.name for field in fields(Recipe)}
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
        if not isinstance(data, dict) or not set(data) <= known:
            raise ValueError(f"expected settings among {sorted(known)}, got {data!r}")
        return TypeAdapter(Recipe).validate_python(data)
    except (OSError, ValueError, yaml.YAMLError) as error:  # pydantic's is a ValueError
        raise SettingsError(f"{path} is not a recipe: {error}") from error


class LossModel(nn.Module):
    """The network as the trainer calls it: tensors by name in, losses out."""

    def __init__(self, network: Network) -> None:
        """Wrap a network."""
        super().__init__()
        self.network = network

    def forward(self, **tensors: Tensor) -> dict[str, Tensor]:
        """The names are those of `Batch` and `Targets`."""
        batch = Batch(**{name: tensors[name] for name in Batch.__slots__})
        targets = Targets(**{name: tensors[name] for name in Targets.__slots__})
        return self.network.loss(batch, targets)


class DevTrainer(Trainer):
    """A trainer whose evaluation decodes the development posts and scores them."""

    def __init__(self, *, score_dev: Callable[[], float], **settings: Any) -> None:
        """`score_dev` gives the number that chooses the checkpoint, in [0, 1]."""
        super().__init__(**settings)
        self.score_dev = score_dev

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Score, log, and let the trainer's callbacks see it."""
        metrics = {"eval_f1": self.score_dev()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics


def train(
    network: Network,
    tokenizer: Tokenizer,
    recipe: Recipe,
    posts: Sequence[GoldPost],
    dev: Sequence[GoldPost],
    score: ScoreFunction,
    folder: Path,
    resume: bool = False,
) -> list[dict[str, float]]:
    """Train in place; at the end the network holds the weights of the epoch that dev liked best.

    Args:
        network: with a pretrained encoder.
        tokenizer: of that encoder.
        recipe: all settings.
        posts: the training split.
        dev: the development split.
        score: what dev is scored by.
        folder: for the trainer's checkpoints and TensorBoard log.
        resume: go on from the last checkpoint in `folder`, if there is one.

    Returns:
        The log: losses and dev scores by epoch.
    """
    set_seed(recipe.seed)
    network.encoder.piece.weight.requires_grad_(False)  # frozen, so that words unseen in training keep their place
    inputs = [text_only(post) for post in dev]
    predictor = bare_predictor(network, tokenizer)
    trainer = DevTrainer(
        score_dev=lambda: score(dev, predictor.predict(inputs)),
        model=LossModel(network),
        args=_arguments(recipe, folder),
        train_dataset=GoldPosts(posts),
        eval_dataset=GoldPosts(dev),
        data_collator=Collator(tokenizer, network.config.types, entity_names(posts)),
        optimizers=(_optimizer(network, recipe), None),
    )
    trainer.train(resume_from_checkpoint=resume and any(folder.glob("checkpoint-*")))
    return [entry for entry in trainer.state.log_history if "eval_f1" in entry or "loss" in entry]


def text_only(post: GoldPost) -> ModelInput:
    """A post as it is without its picture."""
    return ModelInput(post.tokens)


def with_simulated_regions(post: GoldPost, texts: Sequence[str], seed: int = 0) -> ModelInput:
    """A post with candidates simulated from its gold boxes, the same each time."""
    regions, size = region_candidates(post, texts, Random(f"{seed}:{post.id}"))
    return ModelInput(post.tokens, tuple(regions), size)


def entity_names(posts: Sequence[GoldPost]) -> tuple[str, ...]:
    """Surface forms of all entities, sorted."""
    spans = ((post.tokens, entity.span) for post in posts for entity in post.entities)
    return tuple(sorted({" ".join(tokens[span.start : span.stop]) for tokens, span in spans}))


def bare_predictor(network: Network, tokenizer: Tokenizer) -> Predictor:
    """A predictor before there is anything fitted on dev: deterministic, with ln K as the scale."""
    return Predictor(
        network=network,
        tokenizer=tokenizer,
        normaliser=log_cardinality(len(network.config.labels), 30, 8),
        thresholds=Thresholds(1.0, 1.0, 1.0),
        mc=McDropout(passes=0),
    )


def _optimizer(network: Network, recipe: Recipe) -> torch.optim.Optimizer:
    pretrained = [network.encoder.position, network.encoder.norm, network.encoder.layers]
    encoder = [p for part in pretrained for p in part.parameters()]
    known = {id(p) for p in encoder}
    new = [p for p in network.parameters() if p.requires_grad and id(p) not in known]
    groups = [{"params": encoder, "lr": recipe.encoder_lr}, {"params": new, "lr": recipe.new_lr}]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=recipe.weight_decay, fused=True)


def _arguments(recipe: Recipe, folder: Path) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.batch_size,
        lr_scheduler_type="linear",
        warmup_steps=recipe.warmup,
        max_grad_norm=recipe.clip,
        train_sampling_strategy="group_by_length",
        eval_strategy="epoch",
        save_strategy="epoch",
        save_total_limit=2,
        load_best_model_at_end=True,
        metric_for_best_model="eval_f1",
        greater_is_better=True,
        logging_steps=100,
        report_to=["tensorboard"],
        seed=recipe.seed,
        bf16=torch.cuda.is_available(),
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        dataloader_drop_last=False,
    )
