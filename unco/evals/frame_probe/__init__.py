"""Find the box frame that a model really uses: ask about pictures with a known answer in the words of every frame."""

from unco.evals.frame_probe.probe import FrameScore, Probe, probe_frame

__all__ = ["FrameScore", "Probe", "probe_frame"]
