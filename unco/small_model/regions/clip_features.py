"""CLIP image embeddings of regions: the visual features of the paper (ViT-B/32 over crops)."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from math import ceil, floor
from typing import Any

from PIL import Image

from unco.fork_locks import ForkLock
from unco.small_model.regions.hub_models import loading
from unco.small_model.regions.region import Region
from unco.small_model.stored.idle_threads import idle_threads
from unco.types import Box

BATCH = 32
"""Crops in one forward pass: as a rule, all of one picture."""


class ClipFeatures:
    """Featuriser: L2-normalised image embeddings, shape (F,) float32, F = 512 for ViT-B/32.

    The model loads at the first call and then serves all threads, one picture at a time; on a GPU where there is one.
    """

    def __init__(self, model: str = "openai/clip-vit-base-patch32") -> None:
        """Set the model; it is loaded at the first call.

        Args:
            model: folder of a CLIP checkpoint saved by transformers, or its name on the hub.
        """
        self.model = model
        self._lock = ForkLock()
        self._loaded: tuple[Any, Any] | None = None

    def __call__(self, image: Image.Image, regions: Sequence[Region]) -> list[Region]:
        """Return the regions with their features.

        Args:
            image: upright RGB picture.
            regions: boxes in its pixels.

        Raises:
            SetupError: the model cannot be loaded.
        """
        picture = image.convert("RGB")
        with self._lock:
            self._loaded = self._loaded or _load(self.model)
            embeddings = [
                row
                for start in range(0, len(regions), BATCH)
                for row in _embed(
                    *self._loaded, [_crop(picture, region.box) for region in regions[start : start + BATCH]]
                )
            ]
        return [replace(region, features=row) for region, row in zip(regions, embeddings, strict=True)]


@cache
def clip_features(model: str) -> ClipFeatures:
    """Return the featuriser of a model, one for the whole process."""
    return ClipFeatures(model)


def _crop(image: Image.Image, box: Box) -> Image.Image:
    """Crop the pixels that a box touches: rounded outwards, at least one, inside the picture."""
    left, top = min(max(floor(box.x1), 0), image.width - 1), min(max(floor(box.y1), 0), image.height - 1)
    right, bottom = min(max(ceil(box.x2), left + 1), image.width), min(max(ceil(box.y2), top + 1), image.height)
    return image.crop((left, top, right, bottom))


def _embed(model: Any, processor: Any, crops: list[Image.Image]) -> Any:
    """Compute unit vectors, shape (len(crops), F)."""
    import torch

    # CLIP's own preparation keeps the middle square only, which cuts heads off people and both ends off a line of
    # text (and makes gigabytes of a one-pixel strip); the whole crop is squeezed into the square instead.
    side = model.config.image_size
    pixels = processor(
        images=crops, size={"height": side, "width": side}, do_center_crop=False, return_tensors="pt"
    ).pixel_values
    with idle_threads(), torch.inference_mode():
        embeddings = model(pixel_values=pixels.to(model.device)).image_embeds
        return torch.nn.functional.normalize(embeddings.float(), dim=-1).cpu().numpy()


def _load(name: str) -> tuple[Any, Any]:
    import torch
    from transformers import AutoImageProcessor, CLIPVisionModelWithProjection

    with loading(name, "a CLIP vision model"):
        # Weights as safetensors only: a pickled checkpoint runs code when it is loaded.
        loaded: Any = CLIPVisionModelWithProjection.from_pretrained(
            name, use_safetensors=True, output_loading_info=True
        )
        model, report = loaded
        if report["missing_keys"]:  # they would be random numbers
            raise ValueError(f"it has no {min(report['missing_keys'])}")
        processor = AutoImageProcessor.from_pretrained(name)  # type: ignore[no-untyped-call]
    return model.eval().to("cuda" if torch.cuda.is_available() else "cpu"), processor
