"""What the arms of an experiment share: the posts, the small model and the MLLM.

The user's own pictures and endpoint; or, where there are none, blank pictures, candidates simulated from the gold
boxes, and a simulated MLLM, which shows shapes and costs and never quality.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from unco.context import Context, Mode
from unco.environment import environment
from unco.errors import DataError, SettingsError
from unco.evals.ab.posts import (
    Input,
    inputs_with_blank_pictures,
    inputs_with_pictures,
    read_once,
    with_simulated_regions,
    with_sizes,
)
from unco.evals.data.gold_types import in_scheme
from unco.evals.simulation import Profile, simulate
from unco.evals.simulation.model import Simulation
from unco.small_model.checkpoint import from_pretrained
from unco.small_model.fingerprint import SHIPPED
from unco.small_model.gold_inputs import InputBuilder, RegionFilesInput, SimulatedRegionsInput, entity_names
from unco.small_model.predictor import Predictor
from unco.small_model.regions.region_files import RegionFolder
from unco.tools.extraction.extractor import Extractor
from unco.tools.extraction.tool import default_extractor
from unco.tools.llm.cache.store import Cache
from unco.tools.llm.client import Mllm
from unco.tools.llm.connection import Terms
from unco.tools.llm.prices import Price, Prices
from unco.tools.llm_settings import mllm_from_env
from unco.types import GoldPost, Label

PRICES = Prices(version="simulated", models=(Price(pattern="^simulated", input=2.5, output=10.0),))
"""US dollars for a million tokens: the price of a hosted model of 2024 (gpt-4o)."""

SmallModel = Callable[[str | None, str | None], Extractor]
"""Makes an extractor from a checkpoint (None = the shipped one) and an estimator (None = its first choice)."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """What all arms share: posts, small model and MLLM."""

    gold: tuple[GoldPost, ...]
    """Annotated posts, in the types that entities are given out in."""
    inputs: tuple[Input, ...]
    """The same posts as input of the graph."""
    types: tuple[str, ...]
    small_model: SmallModel
    make_llm: Callable[[], Mllm]
    """Makes the MLLM client of one arm."""
    mode: Mode | None = None
    """How the client gets answers; None = live."""
    simulation: Simulation | None = None
    """The simulated MLLM; None = a real one is asked."""
    profile: Profile | None = None
    """How the simulated MLLM errs."""
    labels: tuple[Label, ...] | None = None
    """A list of the user's own that types are chosen from; None = those of the small model."""

    def context_of(self, context: Context) -> Context:
        """Return a context with what all runs of the experiment share."""
        return replace(context, mode=context.mode or self.mode, labels=self.labels or context.labels)


@contextmanager
def simulated_experiment(
    gold: Sequence[GoldPost],
    names: Collection[str],
    profile: Profile,
    seed: int,
    family: str = "qwen2.5-vl",
    checkpoint: str | None = None,
    scheme: str | None = None,
    labels: tuple[Label, ...] | None = None,
    region_files: Path | None = None,
) -> Iterator[Experiment]:
    """Set up real posts and a real small model with simulated regions and MLLM; each arm has a cache of its own.

    Args:
        gold: annotated posts, in the checkpoint's label scheme or in the types that entities are given out in.
        names: of the training data: a profile may know them, and they may be written in a picture to distract. Where
            there are none, those of the posts distract.
        profile: how the simulated MLLM errs.
        seed: of the simulated MLLM's random choices.
        family: of models in whose frame it writes boxes.
        checkpoint: small model; None = the shipped one.
        scheme: types that entities are given out in; None = the checkpoint's first choice.
        labels: the user's own types; None = those of the small model.
        region_files: folder of them, one for each post; None = regions are simulated from the gold boxes.

    Raises:
        DataError: gold has other types.
        SettingsError: there is no such family or scheme.
    """
    predictor = _predictor(checkpoint, None, scheme)
    types = tuple(label.name for label in labels or predictor.labels)
    people = frozenset(predictor.network.config.people)
    build_input: InputBuilder = SimulatedRegionsInput(tuple(sorted(names or entity_names(gold))), people)
    if files := region_files or environment().regions.strip():
        build_input = RegionFilesInput(RegionFolder(Path(files)))
        gold = with_sizes(gold, build_input)
    read_as = _in_output_types(gold, predictor, types, labels)
    with TemporaryDirectory() as temporary, simulate(read_as, family, profile, seed, names=names) as simulation:
        pictures, number = Path(temporary) / "pictures", count()

        def make_llm() -> Mllm:
            store, terms = Cache(Path(temporary) / f"cache{next(number)}"), Terms(prices=PRICES)
            return Mllm(simulation.url, simulation.model, cache=store, terms=terms, timeout_s=2.0)  # at once, or never

        @cache
        def small_model(chosen: str | None, estimator: str | None) -> Extractor:
            return with_simulated_regions(
                _predictor(chosen or checkpoint, estimator, scheme), build_input, gold, pictures
            )

        yield Experiment(
            gold=tuple(read_as),
            inputs=tuple(inputs_with_blank_pictures(read_as, pictures)),
            types=types,
            small_model=small_model,
            make_llm=make_llm,
            simulation=simulation,
            profile=profile,
            labels=labels,
        )


def real_experiment(
    gold: Sequence[GoldPost],
    pictures: Path | None,
    checkpoint: str | None = None,
    scheme: str | None = None,
    mode: Mode | None = None,
    labels: tuple[Label, ...] | None = None,
    region_files: Path | None = None,
    detector: str | None = None,
) -> Experiment:
    """Set up the user's posts, pictures and endpoint (`UNCO_LLM_BASE_URL` ..., or `UNCO_SETTINGS`); calls are cached.

    Args:
        gold: annotated posts, in the checkpoint's label scheme or in the types that entities are given out in.
        pictures: folder with `<id>.jpg`, .jpeg, .png or .webp for each post; None = text alone.
        checkpoint: small model; None = the shipped one.
        scheme: types that entities are given out in; None = the checkpoint's first choice.
        mode: off, live, record or replay; None = live.
        labels: as of `simulated_experiment`.
        region_files: folder of them, by name of picture; None = regions are looked for.
        detector: as of `default_extractor`.

    Raises:
        DataError: a picture is missing, or gold has other types.
        SettingsError: no endpoint is configured.
    """
    if mllm_from_env().base_url is None and mode not in ("replay", "off"):
        raise SettingsError(
            "no MLLM to ask: set UNCO_LLM_BASE_URL and UNCO_LLM_MODEL, or give --profile for a simulated one"
        )
    predictor = _predictor(checkpoint, None, scheme)
    types = tuple(label.name for label in labels or predictor.labels)

    files = None if region_files is None else str(region_files)

    @cache
    def small_model(chosen: str | None, estimator: str | None) -> Extractor:
        source = chosen or checkpoint
        return read_once(default_extractor(None, source, scheme, estimator, detector=detector, region_files=files))

    return Experiment(
        gold=tuple(_in_output_types(gold, predictor, types, labels)),
        inputs=tuple(inputs_with_pictures(gold, pictures)),
        types=types,
        small_model=small_model,
        make_llm=mllm_from_env,
        mode=mode,
        labels=labels,
    )


def _predictor(checkpoint: str | None, estimator: str | None, scheme: str | None) -> Predictor:
    return from_pretrained(checkpoint or SHIPPED, scheme, estimator)


def _in_output_types(
    gold: Sequence[GoldPost], predictor: Predictor, types: Sequence[str], labels: Sequence[Label] | None
) -> list[GoldPost]:
    """Convert gold to the types that entities are given out in."""
    types_found = {item.type for post in gold for item in post.entities}
    if types_found <= set(types):
        return list(gold)
    if labels is not None:
        others = ", ".join(sorted(types_found.difference(types)))
        raise DataError(f"gold has the types {others}, which are not among the labels: add them")
    config = predictor.network.config
    own = {label.name for label in config.labels}
    if types_found <= own:
        return in_scheme(gold, config.labels, predictor.scheme)
    raise DataError(f"gold has the types {', '.join(sorted(types_found - own))}, which the small model does not know")
