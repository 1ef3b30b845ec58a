"""Train with `transformers.Trainer`: dev selects the checkpoint, test is never used."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from transformers import Trainer, TrainingArguments, set_seed

from unco.errors import SetupError
from unco.small_model.batch import Batch
from unco.small_model.gold_inputs import InputBuilder
from unco.small_model.label_schemes import check_types
from unco.small_model.network.model import Network, Targets
from unco.small_model.out_of_memory import is_out_of_memory
from unco.small_model.predictor import Predictor
from unco.training.examples.collator import Collator, Examples, check_texts
from unco.training.examples.example import Example, of_data_set, of_text
from unco.training.examples.renamed import renamed_posts
from unco.training.examples.teachers import read_teachers
from unco.training.recipe import Recipe
from unco.types import GoldPost

LOADERS = 2
"""Processes that make batches for a GPU."""


class LossModel(nn.Module):
    """The network in the form that the trainer calls: tensors by name in, losses out."""

    def __init__(self, network: Network) -> None:
        """Wrap a network."""
        super().__init__()
        self.network = network

    def forward(self, **tensors: Tensor) -> dict[str, Tensor]:
        """Compute the losses; the tensors' names are those of `Batch` and `Targets`."""
        batch: Batch[Tensor] = Batch(**{name: tensors[name] for name in Batch.__slots__})
        targets = Targets(**{name: tensors[name] for name in Targets.__slots__ if name in tensors})
        return self.network.loss(batch, targets)


class DevTrainer(Trainer):
    """A trainer whose evaluation decodes the development posts and scores them."""

    def __init__(self, *, score_dev: Callable[[], float], **settings: Any) -> None:
        """Take `score_dev`, which gives the number that selects the checkpoint, in [0, 1]."""
        super().__init__(**settings)
        self.score_dev = score_dev

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Score dev, log the score, and call the trainer's callbacks."""
        metrics = {"eval_f1": self.score_dev()}
        self.log(metrics)
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics


def train(
    network: Network,
    tokenizer: Tokenizer,
    recipe: Recipe,
    posts: Sequence[GoldPost],
    build_input: InputBuilder,
    score_dev: Callable[[], float],
    folder: Path,
    resume: bool = False,
    more: Sequence[Example] = (),
    teachers: Sequence[Predictor] = (),
) -> list[dict[str, float]]:
    """Train in place; at the end the network holds the weights of the epoch with the best dev score.

    Args:
        network: with a pretrained encoder.
        tokenizer: of that encoder.
        recipe: all settings.
        posts: the training split.
        build_input: how a post's picture is shown.
        score_dev: scores the network, as it then is, on the development split; the highest is kept.
        folder: for the trainer's checkpoints and TensorBoard log.
        resume: go on from the last whole checkpoint in `folder`, if there is one.
        more: further examples.
        teachers: with the network's labels; what they say of each text is learned too.

    Returns:
        The log: losses and dev scores by epoch.

    Raises:
        DataError: the label scheme lacks a type of the data.
        SetupError: memory ran out, or the folder was moved since the epoch that dev liked best.
    """
    examples = [
        *map(of_data_set, posts),
        *more,
        *map(of_text, renamed_posts(posts, recipe.renamed, recipe.seed)),
    ]
    check_types([example.post for example in examples], network.config.types)
    check_texts(examples, tokenizer, network.config)
    try:
        said = read_teachers(teachers, [example.post for example in examples]) if teachers else []
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise SetupError(f"memory ran out while the teachers read: take fewer or smaller ones ({error})") from error
    if said:
        examples = [replace(example, taught=one) for example, one in zip(examples, said, strict=True)]
    set_seed(recipe.seed)
    network.encoder.piece.weight.requires_grad_(not recipe.frozen_pieces)
    network.encoder.casing.requires_grad_(recipe.casing)  # it starts from zeros: what is not learned is not there
    trainer = DevTrainer(
        score_dev=score_dev,
        model=LossModel(network),
        args=_arguments(recipe, folder),
        train_dataset=Examples(examples),
        eval_dataset=Examples(examples[:1]),  # the trainer wants one; `score_dev` knows the posts
        data_collator=Collator(tokenizer, network.config, build_input, recipe.unseen, recipe.clutter, recipe.joined),
        optimizers=(_optimizer(network, recipe), None),
    )
    try:
        trainer.train(resume_from_checkpoint=_last_checkpoint(folder) if resume else None)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        raise SetupError(
            f"memory ran out in training with batches of {recipe.batch_size}: train with a smaller batch_size (--set "
            f"batch_size={max(1, recipe.batch_size // 2)}), or on a device with more ({error})"
        ) from error
    return [entry for entry in trainer.state.log_history if "eval_f1" in entry or "loss" in entry]


def _last_checkpoint(folder: Path) -> str | None:
    """Find the newest complete checkpoint: the trainer's state is the last file of each."""
    found = [path.parent for path in folder.glob("checkpoint-*/trainer_state.json")]
    if not found:
        return None
    last = max(found, key=lambda path: int(path.name.rpartition("-")[2]))
    best = json.loads((last / "trainer_state.json").read_text("utf-8"))["best_model_checkpoint"]
    if best is not None and not Path(best).is_dir():  # the trainer would warn and forget it
        raise SetupError(f"the epoch that dev liked best is not at {best}: put the run's folder back and --resume")
    return str(last)


def _optimizer(network: Network, recipe: Recipe) -> torch.optim.Optimizer:
    trained = [p for p in network.parameters() if p.requires_grad]
    pretrained = {id(p) for p in network.encoder.parameters()} - {id(p) for p in network.encoder.casing.parameters()}
    groups = [
        {"params": [p for p in trained if id(p) in pretrained], "lr": recipe.encoder_lr},
        {"params": [p for p in trained if id(p) not in pretrained], "lr": recipe.new_lr},
    ]
    return torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=recipe.weight_decay, fused=True)


def _arguments(recipe: Recipe, folder: Path) -> TrainingArguments:
    return TrainingArguments(
        output_dir=str(folder.resolve()),  # the trainer notes where its best checkpoint is, to find it from anywhere
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
        bf16=recipe.bf16,
        use_cpu=not torch.cuda.is_available(),
        remove_unused_columns=False,
        dataloader_pin_memory=torch.cuda.is_available(),
        dataloader_num_workers=LOADERS if torch.cuda.is_available() else 0,  # else a GPU waits for word pieces
        ddp_find_unused_parameters=True,  # a batch without pictures uses no region weights
    )
