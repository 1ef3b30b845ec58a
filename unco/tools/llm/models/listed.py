"""Reads the names of an endpoint's models, in the forms in which servers list them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from unco.errors import Broken


def names_in(body: bytes) -> frozenset[str]:
    """Return the names of listed models.

    OpenAI puts them under `data`, Ollama's own API under `models`, and Together lists them bare.

    Raises:
        Broken: it is no list of models.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        found = found.get("data") or found.get("models") or []
    if not isinstance(found, list):
        raise Broken("its answer is no list of models")
    return frozenset(_names(found))


def _names(models: Iterable[Any]) -> Iterable[str]:
    for model in models:
        name = _name(model) if isinstance(model, Mapping) else model
        if isinstance(name, str):
            yield name


def _name(model: Mapping[str, Any]) -> object:
    return model.get("id") or model.get("model") or model.get("name")
