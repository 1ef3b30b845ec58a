"""A simulated multimodal LLM: a test instrument that knows the gold answers and errs by a profile. Never quality.

It stands behind real HTTP and knows of a question only what any model would: the messages and the picture's bytes.
Every answer names its model `simulated-<family>`.
"""

from unco.evals.simulation.model import Simulation
from unco.evals.simulation.profile import Profile, read_profile
from unco.evals.simulation.server import simulate

__all__ = ["Profile", "Simulation", "read_profile", "simulate"]
