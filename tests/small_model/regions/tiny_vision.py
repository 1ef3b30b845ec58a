"""Tiny random detectors and image encoders, saved as transformers saves them."""

from pathlib import Path

import torch
from PIL import Image


def _spread(model: torch.nn.Module) -> None:
    """Weights large enough that the model's answers differ from each other."""
    torch.manual_seed(0)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)


def save_yolos(folder: Path) -> Path:
    """A detector of three classes, one of them a person."""
    from transformers import YolosConfig, YolosForObjectDetection
    from transformers.models.yolos.image_processing_pil_yolos import YolosImageProcessorPil

    names = {0: "man", 1: "car", 2: "logo"}
    config = YolosConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=[32, 32],
        patch_size=16,
        num_detection_tokens=60,
        id2label=names,
        label2id={name: index for index, name in names.items()},
    )
    model = YolosForObjectDetection(config)
    _spread(model)
    model.save_pretrained(folder)
    YolosImageProcessorPil(size={"shortest_edge": 32, "longest_edge": 64}).save_pretrained(folder)
    return folder


def save_owlvit(folder: Path) -> Path:
    """A zero-shot detector whose tokenizer knows letters only."""
    from transformers import CLIPTokenizer, OwlViTConfig, OwlViTForObjectDetection
    from transformers.models.owlvit.image_processing_pil_owlvit import OwlViTImageProcessorPil

    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    # A query that starts with piece 0 counts as padding.
    pieces = ["<|endoftext|>", "<|startoftext|>", *letters, *(f"{letter}</w>" for letter in letters)]
    tokenizer = CLIPTokenizer(vocab={piece: index for index, piece in enumerate(pieces)}, merges=[])
    sizes = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = OwlViTConfig(
        text_config=sizes | {"vocab_size": len(pieces), "bos_token_id": 1, "eos_token_id": 0, "pad_token_id": 0},
        vision_config=sizes | {"image_size": 64, "patch_size": 8},
        projection_dim=32,
    )
    model = OwlViTForObjectDetection(config)
    _spread(model)
    model.save_pretrained(folder)
    OwlViTImageProcessorPil(size={"height": 64, "width": 64}).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def save_clip(folder: Path, length: int = 24) -> Path:
    """A CLIP of both towers, as it is published, whose image features have the length asked for."""
    from transformers import CLIPConfig, CLIPModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    sizes = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = CLIPConfig(
        text_config=sizes | {"vocab_size": 10, "projection_dim": length},
        vision_config=sizes | {"image_size": 32, "patch_size": 8, "projection_dim": length},
        projection_dim=length,
    )
    torch.manual_seed(0)
    CLIPModel(config).save_pretrained(folder)
    CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


def noise(size: tuple[int, int], seed: int = 0) -> Image.Image:
    """A picture of noise: every crop of it looks different."""
    torch.manual_seed(seed)
    pixels = torch.randint(256, (size[1], size[0], 3), dtype=torch.uint8)
    return Image.frombytes("RGB", size, pixels.numpy().tobytes())
