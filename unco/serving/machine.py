"""The machine behind the service: small model, MLLM and graph, made once for each worker."""

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path

from langgraph.store.base import BaseStore

from unco.context import Context
from unco.corpus.choices import Choices, extractor_of, policy_of
from unco.environment import environment
from unco.errors import SettingsError
from unco.evals.watch.watch import Watch
from unco.graph import PostGraph, build_graph
from unco.graph.run_input import read_context
from unco.nodes.settings import chain_of, check_settings
from unco.serving.accounts.ledger import Account, Ledger
from unco.serving.accounts.purse import ServedBudget, ServedRate
from unco.serving.settings import ServeSettings
from unco.state import Json
from unco.tools.extraction.extractor import Extractor
from unco.tools.extraction.policy import read_policy
from unco.tools.extraction.tool import small_model_tool
from unco.tools.llm.client import Mllm
from unco.tools.llm_settings import mllm_from_env
from unco.tools.memory.file import store_from_env
from unco.tools.search.search import Search
from unco.tools.search_settings import search_from_env
from unco.types import Post

LEAST_FREE_BYTES = 100 * 2**20
"""On the disks of cache and state; with less the service says that it is not ready."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What posts run through."""

    extractor: Extractor
    llm: Mllm
    knowledge: Search | None
    graph: PostGraph
    account: Account
    """The service's own, with the caps of the settings file."""
    watch: Watch | None = None
    """Compares posts with the policy's; None = there is no policy, or it does not say what its posts looked like."""
    store: BaseStore | None = None
    """Holds a memory for each token; None = nothing is remembered."""

    def warm(self) -> None:
        """Load the small model, and check the settings of the MLLM.

        Raises:
            SettingsError: a setting does not exist, or the model's box frame is not known.
            SetupError: the small model cannot be loaded.
        """
        self.extractor(Post("Ready"))
        check_settings(Context(), self.llm, self.knowledge)

    def read_context(self, given: object, reviews: bool) -> Context:
        """Read the settings that a client chose.

        Args:
            given: as it came; None = the defaults.
            reviews: whether it may ask for a review.

        Raises:
            SettingsError: one does not exist, is out of range, or is not the client's to choose.
        """
        if given is None:
            return Context()
        if not isinstance(given, dict):
            raise SettingsError('context: an object of settings is wanted, such as {"type_threshold": 0.2}')
        context = read_context(given)
        if context.mode in ("record", "replay"):
            raise SettingsError(f"mode {context.mode} works with a file of the server: choose off or live")
        models = [str(model.model) for model, _ in chain_of(Context(), self.llm) if model.model]
        if context.model is not None and context.model not in models:
            raise SettingsError(f"model: there is {', '.join(models) or 'none'}; leave it out for the first")
        if context.memory is not None:
            raise SettingsError("memory: each token has its own, which no client chooses: leave it out")
        if context.review and not reviews:
            raise SettingsError("review: reviews are switched off here, so leave it out")
        return context

    def endpoint_state(self) -> str:
        """Say whether an MLLM can be asked: `none`, `ok`, or `failing` while its circuit breaker is open."""
        if not self.llm.configured:
            return "none"
        return "failing" if all(model.is_failing for model in (self.llm, *self.llm.fallbacks)) else "ok"

    def new_graph(self, checkpointer: object) -> PostGraph:
        """Compile the graph once more, with a checkpointer."""
        tool = small_model_tool(self.extractor)
        return build_graph(
            tool,
            self.llm,
            knowledge=self.knowledge,
            checkpointer=checkpointer,  # type: ignore[arg-type]
            store=self.store,
        )


def build_machine(settings: ServeSettings, ledger: Ledger, extractor: Extractor | None = None) -> Machine:
    """Build the machine that settings and environment describe; nothing is loaded yet.

    Args:
        settings: of the service.
        ledger: what is spent.
        extractor: stage 1; None = the small model of the settings.

    Raises:
        SettingsError: a setting cannot be used; pictures may be opened anywhere.
    """
    if environment().picture_roots is None:
        raise SettingsError("set UNCO_PICTURE_ROOTS: the folders that a client may name pictures in; empty = none")
    llm = mllm_from_env()
    knowledge = search_from_env(llm)
    account = Account("", llm.terms.budget.caps)
    budget = ServedBudget(ledger)
    for place, model in enumerate((llm, *llm.fallbacks)):
        rate = model.terms.rate
        shared = (settings.workers > 1 or settings.database) and (rate.requests_per_minute or rate.tokens_per_minute)
        name = f"{place} {model.model}"
        model.terms = replace(model.terms, budget=budget, rate=ServedRate(ledger, name, rate) if shared else rate)
    choices = Choices(
        checkpoint=settings.checkpoint,
        scheme=settings.scheme,
        detector=settings.detector,
        region_files=settings.region_files,
    )
    extractor = extractor or extractor_of(choices, "cpu")  # torch starts with the service, not under its load
    store = store_from_env()
    graph = build_graph(small_model_tool(extractor), llm, knowledge=knowledge, store=store)
    return Machine(extractor, llm, knowledge, graph, account, _watch(choices, store is not None), store)


def _watch(choices: Choices, with_memory: bool) -> Watch | None:
    """Begin to watch for posts unlike the policy's, where there is a policy that says what they looked like."""
    named = policy_of(choices)
    policy = None if named is None else read_policy(Path(named))
    if policy is None or policy.reference is None:
        return None
    return Watch.of_policy(policy, with_memory=with_memory)


def disk_state(settings: ServeSettings) -> Json:
    """Say whether the folders of the cache and of the service's state can be written, and have room."""
    state = [] if settings.database else [settings.state]
    folders = [_existing(folder) for folder in (environment().cache_directory(), *state)]
    free = min(shutil.disk_usage(folder).free for folder in folders)
    full = "ok" if free >= LEAST_FREE_BYTES else "full"
    writable = all(os.access(folder, os.W_OK) for folder in folders)
    return {"state": full if writable else "read-only", "free_mb": free // 2**20}


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest around it that is there."""
    return next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
