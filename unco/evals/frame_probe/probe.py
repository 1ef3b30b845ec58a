"""Probe a model's box frame: ask in the words of every frame, and decode every answer in every frame.

Some models use the frame that the prompt asks for, others answer in their own whatever it asks for. So each picture is
asked about in the words of each frame, and each answer is read in every frame. A model whose answers, over all words,
read nearly as well in one frame as in any under its own words has a frame of its own: that one, and all answers count
for it. Any other model imitates, and is given the frame whose own words it answers best: what a run would do with it.
Pictures are sent at their own size: the resize that a frame knows of is then the model's own, and seen in the pixels
in which the answer comes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import mean

from unco.errors import Rejected, ReplyError
from unco.evals.frame_probe.pictures import DRAWINGS, Drawing, picture_of
from unco.nodes.verify import verify_region
from unco.prompts import RegionAnswer, parse_answer
from unco.tools.box_frames.frame import FRAMES, Frame, describe, frame_by_name
from unco.tools.llm.request import Reply, Request

LEAST_MEAN_IOU = 0.5
"""Least mean IoU at which a frame is accepted; the benchmark counts a box as right above it."""

OWN_FRAME_SHARE = 0.65
"""Share of the best mean IoU under own words that the best over all words must reach, for a model to have a frame of
its own. A perfect imitator reaches 0.40: frames of equal order overlap where a picture has about 1,000 pixels."""

CANDIDATES: tuple[Frame, ...] = (
    *FRAMES.values(),
    *(frame_by_name(f"resized_pixels:{tokens * 28 * 28}") for tokens in (256, 512, 2048, 16384)),
)
"""Every frame, and Qwen2.5-VL's at usual settings of max_pixels; 16,384 x 28 x 28 is the default of its own file."""

SYSTEM = """\
You find one thing in a picture.

Answer with one JSON object and nothing around it:
{{"reasoning_process": "<what you see, in short>", "corrected_bounding_box": <four numbers in square brackets>}}
A box is written as {frame}."""

USER = """\
Original text:
<post>
A drawing with one {colour} rectangle.
</post>
Picture: attached.
Entity as found: <entity>the {colour} rectangle</entity>
Where is it?"""


@dataclass(frozen=True, slots=True)
class FrameScore:
    """How well a model's answers fit one frame."""

    frame: str
    own: float
    """Mean IoU, in [0, 1], of the answers to the frame's own words, read in it; no box counts 0."""
    every: float
    """The same over all answers, whatever words were used; each kind of words weighs the same."""
    read: int
    """Number of answers to its own words that gave a box in this frame."""
    asked: int


@dataclass(frozen=True, slots=True)
class Probe:
    """The result of probing a model."""

    model: str
    scores: tuple[FrameScore, ...]
    """Scores of the frames, the best first: by `every` where the model has a frame of its own, else by `own`."""
    imitates: bool
    """Whether the model answers in the frame that the prompt asks for."""
    calls: int
    """Questions asked; equal words are asked once."""

    @property
    def winner(self) -> str | None:
        """The frame to use; None = none reaches mean IoU 0.5.

        A server of Qwen2.5-VL that takes larger pictures leaves those of 1,003,520 pixels as they are, so the frame of
        these serves it too, and costs less.
        """
        best = self.scores[0]
        if (best.own if self.imitates else best.every) < LEAST_MEAN_IOU:
            return None
        usual = FRAMES["resized_pixels"]
        larger = best.frame.startswith(usual.name) and frame_by_name(best.frame).limits.most > usual.limits.most
        return usual.name if larger else best.frame


def probe_frame(ask: Callable[[Request], Reply], model: str, frames: Sequence[Frame] = CANDIDATES) -> Probe:
    """Find a model's box frame.

    Args:
        ask: puts a question, e.g. `lambda request: llm.ask(request, "live")`.
        model: the endpoint's name of it.
        frames: the candidates.

    Raises:
        EndpointError: a question could not be put at all; an unreadable answer is no error.
    """
    answers: dict[Request, RegionAnswer | None] = {}
    by_words: dict[tuple[Drawing, Frame], RegionAnswer | None] = {}
    for drawing in DRAWINGS:
        for frame in frames:
            request = question(model, drawing, frame)
            if request not in answers:
                answers[request] = _read(ask(request))
            by_words[drawing, frame] = answers[request]
    scores = [_score(frame, by_words) for frame in frames]
    imitates = max(score.every for score in scores) < OWN_FRAME_SHARE * max(score.own for score in scores)
    ranked = sorted(scores, key=lambda score: score.own if imitates else score.every, reverse=True)
    return Probe(model, tuple(ranked), imitates, len(answers))


def question(model: str, drawing: Drawing, frame: Frame) -> Request:
    """Make the request that asks where a drawing's rectangle is, in the words of a frame."""
    return Request(
        model=model,
        system=SYSTEM.format(frame=describe(frame, *drawing.size)),
        user=USER.format(colour=drawing.colour),
        picture=picture_of(drawing),
        max_tokens=512,
        prompt="frame_probe",
    )


def _read(reply: Reply) -> RegionAnswer | None:
    try:
        answer = parse_answer(reply.text, reply.ended, "region")
    except ReplyError:
        return None
    assert isinstance(answer, RegionAnswer)
    return answer


def _score(frame: Frame, answers: dict[tuple[Drawing, Frame], RegionAnswer | None]) -> FrameScore:
    own: list[float | None] = []
    by_kind: dict[str, list[float]] = {}
    for (drawing, asked), answer in answers.items():
        iou = _iou(answer, drawing, frame)
        by_kind.setdefault(asked.words, []).append(iou or 0.0)
        own += [iou] if asked == frame else []
    read = [iou for iou in own if iou is not None]
    every = mean(mean(ious) for ious in by_kind.values())
    return FrameScore(frame.name, sum(read) / len(own), every, len(read), len(own))


def _iou(answer: RegionAnswer | None, drawing: Drawing, frame: Frame) -> float | None:
    """Compute the IoU of the rectangle and an answer decoded in a frame; None when the answer gives no box."""
    if answer is None:
        return None
    try:
        box = verify_region(answer, None, frame, drawing.size)
    except Rejected:
        return None
    return box.iou(drawing.box) if box else None
