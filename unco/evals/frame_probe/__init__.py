"""Which box frame a model really speaks: pictures whose answer is known, asked about in the words of every frame."""

from unco.evals.frame_probe.probe import FrameScore, Probe, probe_frame

__all__ = ["FrameScore", "Probe", "probe_frame"]
