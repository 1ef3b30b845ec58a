"""Settings of the MLLM: from environment variables, or from a settings file for all that they do not cover.

`UNCO_LLM_BASE_URL`, `UNCO_LLM_MODEL`, `UNCO_LLM_FRAME` and `OPENAI_API_KEY` name one endpoint. `UNCO_SETTINGS` names a
YAML file instead: a chain of models, privacy, budget, prices, egress log. Keys never stand in the file, only the names
of the environment variables that hold them.
"""

import os
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from unco.environment import VARIABLES, environment
from unco.errors import SettingsError
from unco.tools.llm.budget import Budget, Caps
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.checks.address import BASE_URL, clean_address
from unco.tools.llm.checks.certificates import check_certificates
from unco.tools.llm.checks.headers import Headers, account_headers
from unco.tools.llm.checks.query import fill_in
from unco.tools.llm.checks.sendable import API_KEY, MODEL, clean_key, clean_model
from unco.tools.llm.client import Mllm
from unco.tools.llm.connection import Terms
from unco.tools.llm.egress_log import EgressLog
from unco.tools.llm.models.options import ModelOptions
from unco.tools.llm.prices import Prices, shipped_prices
from unco.tools.llm.privacy import Privacy
from unco.tools.llm.rate_limit import RateLimit
from unco.tools.llm.recording import Recording
from unco.tools.settings_file import CallSettings, ModelSettings, read_settings


def mllm_from_settings(
    settings: CallSettings, cache: Cache | None, recording: Recording | None, first_frame: str | None = None
) -> Mllm:
    """Build the chain of models that a settings file describes; they share budget, prices and log.

    Args:
        settings: what the file holds.
        cache: None = every question is asked anew.
        recording: what modes `record` and `replay` work with.
        first_frame: box frame of the first model, where the file names none.

    Raises:
        SettingsError: an address, a model's name or a key cannot be used, or a key is not set; names it.
    """
    check_certificates()
    version = shipped_prices().version + ("+own" if settings.prices else "")
    shared = Terms(
        privacy=Privacy(**(dict(settings.privacy) | {"crop": frozenset(settings.privacy.crop)})),
        prices=Prices(version=version, models=(*settings.prices, *shipped_prices().models)),
        budget=Budget(Caps(settings.budget.calls, settings.budget.usd)),
        egress=EgressLog(settings.egress_log) if settings.egress_log else None,
    )
    addresses = [_address(model) for model in settings.models]
    account = account_headers()
    first, *others = (
        _mllm(model, address, shared, cache, recording, account if _host(address) == _host(addresses[0]) else ())
        for model, address in zip(settings.models, addresses, strict=True)
    )
    first.fallbacks = tuple(others)
    first.frame = first.frame or first_frame
    return first


def _address(model: ModelSettings) -> str:
    named = f"base_url of model {model.model!r} in the settings file"
    return clean_address(fill_in(model.base_url, named), named)


def _host(base_url: str) -> str:
    return urlsplit(base_url).netloc.lower()


def _mllm(
    model: ModelSettings,
    base_url: str,
    shared: Terms,
    cache: Cache | None,
    recording: Recording | None,
    account: Headers,
) -> Mllm:
    name = clean_model(model.model, f"{MODEL} in the settings file")
    key = clean_key(os.environ.get(model.key), f"the environment variable {model.key}") if model.key else None
    if model.key and not key:
        raise SettingsError(f"model {name!r} needs the environment variable {model.key}, which is not set")
    return Mllm(
        base_url,
        name,
        key,
        frame=model.frame,
        cache=cache,
        recording=recording,
        timeout_s=model.timeout_s,
        deadline_s=model.deadline_s,
        attempts=model.attempts,
        terms=replace(shared, rate=RateLimit(model.requests_per_minute, model.tokens_per_minute)),
        options=model.options(account),
    )


def mllm_from_env(cached: bool = True) -> Mllm:
    """Build the MLLM from the environment, with the default cache; nothing is opened but the settings file.

    Args:
        cached: False = every question is asked anew.

    Raises:
        SettingsError: the settings file is not one, or names a key that is not set; an address, key, name or
            certificate file of the environment cannot be used. Names it.
    """
    chosen, cache = environment(), Cache() if cached else None
    recording = Recording(chosen.recording) if chosen.recording else None
    if chosen.settings:
        settings = read_settings(Path(chosen.settings))
        return mllm_from_settings(settings, cache, recording, first_frame=chosen.llm_frame or None)
    return _one_endpoint(
        clean_address(chosen.llm_base_url, _named("llm_base_url", BASE_URL)) if chosen.llm_base_url else None,
        clean_model(chosen.llm_model, _named("llm_model", MODEL)),
        cache,
        recording,
        account_headers(),
    )


def mllm_for_probe(model: str | None, base_url: str | None) -> Mllm:
    """Build the MLLM that a probe asks, without a cache: the configured one, or one at another address.

    Args:
        model: None = the first of the chain.
        base_url: None = the configured one, on the settings' terms.

    Raises:
        SettingsError: as `mllm_from_env`; or the settings have no such model.
    """
    configured = mllm_from_env(cached=False)
    if base_url is not None or not environment().settings:
        at_home = base_url is None or _host(clean_address(base_url)) == _host(configured.base_url or "")
        account = account_headers() if at_home else ()
        return _one_endpoint(
            base_url or environment().llm_base_url or None, model or configured.model, None, None, account
        )
    chain = [configured, *configured.fallbacks]
    found = next((llm for llm in chain if model in (None, llm.model)), None)
    if found is None:
        raise SettingsError(
            f"the settings have no model {model!r}: there is {', '.join(str(llm.model) for llm in chain)}"
        )
    return found


def _one_endpoint(
    base_url: str | None, model: str | None, cache: Cache | None, recording: Recording | None, account: Headers
) -> Mllm:
    chosen = environment()
    if base_url:
        check_certificates()
    return Mllm(
        base_url,
        model,
        clean_key(chosen.api_key, _named("api_key", API_KEY)),
        frame=chosen.llm_frame or None,
        cache=cache,
        recording=recording,
        options=ModelOptions(secret_headers=account),
    )


def _named(field: str, what: str) -> str:
    """Name a setting of the environment in a message."""
    return f"{VARIABLES[field]} ({what})"
