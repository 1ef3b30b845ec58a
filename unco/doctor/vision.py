"""Check of an answer about a drawing: a model sees if its box fits the rectangle, in its own box frame."""

from collections.abc import Iterable

from unco.doctor.check import Check
from unco.errors import Rejected
from unco.evals.frame_probe.pictures import Drawing
from unco.evals.frame_probe.probe import LEAST_MEAN_IOU
from unco.nodes.verify import verify_region
from unco.prompts import RegionAnswer
from unco.tools.box_frames.frame import FRAMES, Frame, encode

LEAST_IOU = LEAST_MEAN_IOU
"""Least IoU of an answered box and the rectangle, at which the model is believed to have seen it."""


def check_vision(model: str, answer: RegionAnswer, frame: Frame, drawing: Drawing) -> Check:
    """Check that a model saw the rectangle of a drawing.

    Args:
        model: its name.
        answer: to the question where the rectangle is.
        frame: the model's own, in whose words it was asked.
        drawing: what it was shown.
    """
    name, corners = f"vision of {model}", answer.corrected_bounding_box
    if corners is None:
        return Check(name, "fault", "it sees nothing in a drawing", "take a model that sees pictures")
    iou = iou_in(frame, answer, drawing)
    if iou >= LEAST_IOU:
        return Check(name, "ok", f"it says where the rectangle of a drawing is: IoU {iou:.2f} in {frame.name}")
    wanted = encode(drawing.box, frame, *drawing.size)
    found = f"it answers {_text(corners)} where {frame.name} has {_text(wanted)}: IoU {iou:.2f}, under {LEAST_IOU}"
    fitting = [other.name for other in FRAMES.values() if iou_in(other, answer, drawing) >= LEAST_IOU]
    if fitting:
        return Check(name, "warning", f"{found}; it fits in {fitting[0]}", f"run `unco probe-frame --model {model}`")
    return Check(name, "warning", found, "take a model that sees pictures, if another question does no better")


def iou_in(frame: Frame, answer: RegionAnswer, drawing: Drawing) -> float:
    """Compute the IoU of the rectangle and an answer that is read in a frame; 0 where it cannot be read in it."""
    try:
        box = verify_region(answer, None, frame, drawing.size)
    except Rejected:
        return 0.0
    return box.iou(drawing.box) if box else 0.0


def _text(numbers: Iterable[float]) -> str:
    return f"[{', '.join(f'{number:g}' for number in numbers)}]"
