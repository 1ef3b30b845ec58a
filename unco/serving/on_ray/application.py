"""The application for Ray Serve: the service in as many replicas as are asked for, and stage 1 apart from it."""

import logging.config
import os
from pathlib import Path
from typing import Any

import ray
from pydantic import BaseModel, ConfigDict, Field
from ray import serve

from unco.corpus.choices import Choices
from unco.corpus.on_ray.worker_environment import WorkerEnvironment, this_environment
from unco.environment import VARIABLES
from unco.errors import SettingsError
from unco.serving.app import create_app
from unco.serving.gate import Gate
from unco.serving.logs import LOG_CONFIG
from unco.serving.on_ray.small_model import RemoteSmallModel, SmallModel
from unco.serving.settings import ServeSettings

GRACE_S = 45.0
"""For what a replica has under way once it is told to end."""


class OnRay(BaseModel):
    """What whoever deploys the service chooses; `serve run` reads them as `name=value`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tokens: Path
    """File of the tokens, at this path on each node."""
    database: str | None = None
    """As `--database`; a cluster of several nodes needs one."""
    state: Path = Path("unco-state")
    """As `--state`, where there is no database."""
    reviews: bool = False
    at_once: int = Field(64, ge=1)
    """Posts under way at one moment, in each replica of the service."""
    replicas: int = Field(4, ge=1)
    """Most replicas of the service; there are fewer while there is less to do."""
    models: int = Field(2, ge=1)
    """Most replicas of the small model."""
    least: int = Field(1, ge=1)
    """Fewest replicas of each; two and more outlive a node."""
    checkpoint: str | None = None
    scheme: str | None = None


class ServedPosts:
    """A replica of the service."""

    def __init__(self, environment: WorkerEnvironment, settings: ServeSettings, small_model: Any) -> None:
        """Take over the environment of the process that deployed it, and bind the small model."""
        environment.apply()
        environment.check_key()
        logging.config.dictConfig(LOG_CONFIG)
        self._settings, self._small_model = settings, RemoteSmallModel(small_model)

    def __serve_build_asgi_app__(self) -> Gate:
        """Make the application; Ray Serve calls this."""
        return create_app(self._settings, self._small_model)


def service(choice: OnRay) -> Any:
    """Describe the service to Ray Serve; the process is connected to the cluster.

    Raises:
        SettingsError: several nodes would share SQLite files.
    """
    nodes = sum(node["Alive"] for node in ray.nodes())  # type: ignore[no-untyped-call]
    gpus = ray.cluster_resources().get("GPU", 0.0)  # type: ignore[no-untyped-call]
    if nodes > 1 and choice.database is None:
        raise SettingsError(f"the cluster has {nodes} nodes: name a Postgres database with database=...")
    # A client names no file of a node, unless whoever deploys the service names folders of pictures.
    os.environ.setdefault(VARIABLES["picture_roots"], "")
    environment, gpu = this_environment(), gpus >= 1
    settings = ServeSettings(
        tokens=choice.tokens.absolute(),
        state=choice.state.absolute(),
        database=choice.database,
        reviews=choice.reviews,
        at_once=choice.at_once,
        workers=choice.replicas,
    )
    model: Any = serve.deployment(
        SmallModel,
        name="small-model",
        ray_actor_options={"num_cpus": 1, "num_gpus": 1 if gpu else 0},
        max_ongoing_requests=1024,
        autoscaling_config=_scaling(choice.least, choice.models, 64),
        graceful_shutdown_timeout_s=GRACE_S,
    )
    posts: Any = serve.deployment(
        serve.ingress()(ServedPosts),
        name="service",
        ray_actor_options={"num_cpus": 0.5},
        max_ongoing_requests=1024,
        autoscaling_config=_scaling(choice.least, choice.replicas, choice.at_once / 2),
        graceful_shutdown_timeout_s=GRACE_S,
    )
    choices = Choices(checkpoint=choice.checkpoint, scheme=choice.scheme)
    return posts.bind(environment, settings, model.bind(environment, choices, gpu))


def _scaling(least: int, most: int, ongoing: float) -> dict[str, Any]:
    """Set how many replicas there are.

    Args:
        least: replicas.
        most: replicas.
        ongoing: requests under way in each, at which another is made.
    """
    if least > most:
        raise SettingsError(f"least={least} is more than the most replicas, {most}")
    return {"min_replicas": least, "max_replicas": most, "target_ongoing_requests": ongoing}
