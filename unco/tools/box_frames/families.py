"""The box frame of each family of models, looked up by the model's name, with its source."""

import re
from dataclasses import dataclass

from unco.errors import SettingsError
from unco.tools.box_frames.frame import FRAMES, Frame


@dataclass(frozen=True, slots=True)
class Family:
    """A family of models, the pattern of its names, and its box frame."""

    name: str
    pattern: str
    """Regular expression that matches in the lower-case name of its models."""
    frame: str | None
    """Name of its frame; None = it writes points, which are no boxes."""
    source: str
    note: str = ""


FAMILIES: tuple[Family, ...] = (
    Family(
        "Qwen2.5-VL",
        r"qwen-?2\.5-?vl",
        "resized_pixels",
        "QwenLM/Qwen3-VL issues 676, 866, 940; `smart_resize` in qwen_vl_utils and transformers",
        "pixels after its own resize; a server with max_pixels under 1,003,520 needs resized_pixels:<max>",
    ),
    Family("Qwen2-VL", r"qwen-?2-?vl", "0-1000", "QwenLM/Qwen3-VL issue 866, from a maintainer"),
    Family("Qwen3-VL", r"qwen-?3-?vl", "0-1000", "QwenLM/Qwen3-VL issues 1486, 1741", "the hosted API says 0-999"),
    Family("InternVL", r"internvl", "0-1000", "OpenGVLab/InternVL issues 227, 285"),
    Family(
        "DeepSeek-VL2", r"deepseek-?vl-?2", "0-999", "deepseek-ai/DeepSeek-VL2 issue 100, from a maintainer: n / 999"
    ),
    Family(
        "PaliGemma", r"paligemma", "0-1023-yx", "big_vision's parser of <loc....>: y first, n / 1024", "bare numbers"
    ),
    Family("Gemini", r"gemini", "0-1000-yx", "Vertex AI, `Bounding box detection`: box_2d is [ymin, xmin, ymax, xmax]"),
    Family(
        "GPT-4o, 4.1, 5",
        r"gpt-?(4o|4\.1|5)",
        "pixels",
        "no frame is documented; Microsoft Foundry's post on GPT-5.2 and 5.4 asks for pixels",
        "answers in the frame that the prompt shows; localisation of GPT-4o is weak",
    ),
    Family(
        "Claude",
        r"claude",
        "claude_pixels",
        "platform.claude.com/docs, `Coordinates and bounding boxes`: pixels of the picture as Claude resized it; "
        "`Vision`: a picture of at most 1,568 pixels a side and 1.15 megapixels is not resized",
        "newer models take more, and leave such a picture alone too; asked for 0-1000 it does not work well",
    ),
    Family(
        "Kosmos-2",
        r"kosmos-?2(?!\.)",
        "0-1-in-32",
        "`patch_index_to_coordinate` in transformers, kosmos2/processing_kosmos2.py",
        "a corner is the middle of one of 32 x 32 cells",
    ),
    Family(
        "Florence-2",
        r"florence-?2",
        "0-999-cells",
        "`quantize` and `dequantize` in transformers, florence2/processing_florence2.py",
        "bare numbers of <loc_...>, each the middle of one of 1,000 cells",
    ),
    Family("Moondream", r"moondream", "0-1", "supervision, `from_moondream`: x_min, y_min, x_max, y_max"),
    Family("Kimi-VL", r"kimi-?vl", "0-1", "MoonshotAI/Kimi-VL issues 52, 56: as users saw it"),
    Family("Molmo", r"molmo", None, "abhaybd/GraspMolmo issue 2: x, y in percent", "points, no boxes"),
    Family("answers written by hand", r"^authored", "pixels", "answers of unco's own demo and tests"),
)
"""Known families; the first whose pattern matches is used."""


def frame_for(model: str) -> Frame:
    """Look up the frame of a model's family by the model's name.

    Raises:
        SettingsError: the family is not known, or it writes no boxes.
    """
    family = next((family for family in FAMILIES if re.search(family.pattern, model.lower())), None)
    if family is None:
        raise SettingsError(
            f"no box frame is known for model {model!r}: find it with `unco probe-frame --model {model}`, or set "
            f"Context.frame or UNCO_LLM_FRAME to one of {', '.join(FRAMES)}"
        )
    if family.frame is None:
        raise SettingsError(
            f"model {model!r} answers with points, not boxes, so it cannot correct regions: choose a model that writes "
            "boxes; or, for spans and types alone, set region_threshold to 1 and frame to pixels"
        )
    return FRAMES[family.frame]
