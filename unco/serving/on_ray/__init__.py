"""The service on a Ray cluster, by Ray Serve: `serve run unco.serving.on_ray:service tokens=tokens.yaml`.

Nothing else in unco imports Ray Serve: `pip install 'unco[serve,ray]'`.
"""

import unco.corpus.on_ray.cluster  # noqa: F401  sets what Ray reads when it is imported
from unco.serving.on_ray.application import service

__all__ = ["service"]
