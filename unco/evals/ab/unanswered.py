"""Questions of an arm that got no answer: a comparison over them would compare nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from unco.errors import EndpointError, RecordingMiss, Unavailable
from unco.evals.ab.experiment import Experiment
from unco.evals.ab.run import ArmRun
from unco.tools.llm.client import Mllm
from unco.tools.llm.recording import Recording
from unco.tools.llm.request import Reply, Request
from unco.types import Correction, PostQuestion


class RecordingWithGaps(Recording):
    """A recording whose misses are unavailable answers, so that all of them can be counted."""

    def find(self, request: Request) -> Reply:
        """Return the recorded reply.

        Raises:
            Unavailable: it is not recorded.
            DataError: as `Recording.find`.
        """
        try:
            return super().find(request)
        except RecordingMiss as miss:
            raise Unavailable(str(miss), "not_recorded") from miss


def with_gaps(experiment: Experiment) -> Experiment:
    """Return the experiment with recordings that may have gaps."""

    def make_llm() -> Mllm:
        llm = experiment.make_llm()
        for model in (llm, *llm.fallbacks):
            model.recording = model.recording and RecordingWithGaps(model.recording.path)
        return llm

    return replace(experiment, make_llm=make_llm)


@dataclass(frozen=True, slots=True)
class Unanswered:
    """How many questions of an arm got no answer."""

    questions: int
    """Those that the arm asked, or would have."""
    notes: tuple[Correction | PostQuestion, ...]
    """Of those without an answer."""

    def __str__(self) -> str:
        """Write the share in words."""
        share = len(self.notes) / self.questions if self.questions else 0.0
        return f"{len(self.notes):,} of {self.questions:,} questions ({share:.1%}) got no answer"


def unanswered(run: ArmRun) -> Unanswered:
    """Count an arm's questions; what privacy forbids or no picture shows was not to be asked, nor what is sure."""
    notes = [
        note for result in run.results for note in result.notes if note.outcome != "skipped" and not _is_sure(note)
    ]
    asked = [note for note in notes if note.reason not in ("policy", "no_picture")]
    return Unanswered(len(asked), tuple(note for note in asked if _got_none(note)))


def _is_sure(note: Correction | PostQuestion) -> bool:
    """Return whether nobody was to be asked; a type of a user's own list is then not known, and not `skipped`."""
    return isinstance(note, Correction) and note.uncertainty <= note.threshold


def _got_none(note: Correction | PostQuestion) -> bool:
    """An answer that cannot be read is the arm's own doing, and counts as one."""
    return note.outcome in ("failed", "unavailable") and (note.reason is not None or not note.exchanges)


def check_answered(runs: Sequence[ArmRun]) -> None:
    """Refuse arms with questions that got no answer.

    Raises:
        RecordingMiss: the first of them is not recorded.
        Unavailable: it got none for another reason.
    """
    for run in runs:
        found = unanswered(run)
        if found.notes:
            raise _refusal(f"arm {run.name!r}: {found}", found.notes[0])


def _refusal(what: str, first: Correction | PostQuestion) -> EndpointError:
    message = f"{what}; --allow-misses compares all the same. The first: {first.detail}"
    return (
        RecordingMiss(message) if first.reason == "not_recorded" else Unavailable(message, first.reason or "endpoint")
    )
