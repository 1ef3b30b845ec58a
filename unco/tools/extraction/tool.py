"""The small model as a LangChain tool, for the graph and for agents: a post in, triplets with uncertainties out."""

from pathlib import Path
from typing import Any

from langchain_core.tools import StructuredTool
from pydantic import BaseModel, Field

from unco.environment import environment
from unco.errors import PostError, SettingsError
from unco.small_model.batching import Batching
from unco.small_model.regions.choose import chosen_provider
from unco.small_model.regions.region_files import RegionFolder
from unco.state import EXTRACTION, PostInput, to_json
from unco.tools.extraction.call import extract_async, extract_post
from unco.tools.extraction.extractor import Extractor, NetworkExtractor
from unco.tools.tool_for_models import ToolForModels
from unco.types import Box, Post
from unco.types.geometry import IN_SHARES


class ExtractArgs(BaseModel):
    """A post."""

    text: str | list[str] = Field(description="The post's text, or its tokens.")
    image: str | None = Field(default=None, description="Path, data: URL or allowed http(s) URL of its picture.")
    regions: list[tuple[float, float, float, float]] | None = Field(
        default=None, description="Candidate boxes [x1, y1, x2, y2] in pixels; null = look for faces and lines of text."
    )
    caption: str | None = Field(
        default=None, description="What the picture shows, in words; for a model that was trained with captions."
    )
    id: str | None = Field(default=None, description="The caller's name for the post.")


class SmallModelArgs(ExtractArgs):
    """A post, and what to look for in it."""

    near_misses: bool = Field(default=False, description="Whether to list words that were nearly taken for a name.")


def small_model_tool(extractor: Extractor) -> StructuredTool:
    """Wrap an extractor as a tool; its result is an `Extraction` as plain JSON, described by `result_schema`."""

    def extract(**fields: Any) -> dict[str, Any]:  # functions, not partial ones: agents read their type hints
        return to_json(EXTRACTION, extract_post(extractor, post_of(**fields)))

    async def extract_awaited(**fields: Any) -> dict[str, Any]:
        return to_json(EXTRACTION, await extract_async(extractor, post_of(**fields)))

    return ToolForModels.from_function(
        func=extract,
        coroutine=extract_awaited,
        name="extract_entities",
        description=(
            "Finds the named entities of a post and where they are in its picture, and says for each span, type and "
            "region how unsure it is, from 0 to 1."
        ),
        args_schema=SmallModelArgs,
    )


def arguments_of(post: PostInput, near_misses: bool = False) -> dict[str, Any]:
    """Give the tool's arguments for a post of the graph, and whether near misses are looked for."""
    given = post.model_dump(include=set(ExtractArgs.model_fields))
    return given | {"near_misses": True} if near_misses else given


def result_schema() -> dict[str, Any]:
    """Return the JSON Schema of the tool's result."""
    return EXTRACTION.json_schema()


def default_extractor(
    batching: Batching | None = None,
    checkpoint: str | None = None,
    scheme: str | None = None,
    estimator: str | None = None,
    device: str | None = None,
    detector: str | None = None,
    region_files: str | None = None,
) -> NetworkExtractor:
    """Make an extractor of a checkpoint; candidates are what a detector finds, and faces and text with extra `vision`.

    Args:
        batching: how posts that come at the same time share the network; None = the defaults.
        checkpoint: folder or name on the Hugging Face hub; None = the shipped one.
        scheme: one of the checkpoint's label schemes (the shipped one has gmner, fmnerg and fmnerg_coarse); None = its
            default.
        estimator: one of the checkpoint's estimators of uncertainty; None = its default.
        device: where torch runs the network, as it names it; None = on the processor, by NumPy until torch pays.
        detector: `ssd`, or folder or hub name of a detector of transformers; None = the one that `UNCO_DETECTOR` names,
            else none.
        region_files: folder of region files, by name of picture, in place of looking for regions; None = the one that
            `UNCO_REGIONS` names, else none.

    Raises:
        DataError: there is no such folder.
        SettingsError: both a detector and region files are named.
        SetupError: the detector needs a package that is not installed.
    """

    def load() -> Any:
        from unco.small_model.checkpoint import from_pretrained
        from unco.small_model.fingerprint import SHIPPED

        predictor = from_pretrained(checkpoint or SHIPPED, scheme, estimator)
        return predictor if device is None else predictor.to(device)

    if region_files and detector:
        raise SettingsError("region files stand in the place of a detector: leave --regions or --detector out")
    folder = region_files or ("" if detector else environment().regions.strip())  # what is named here comes first
    if folder:
        return NetworkExtractor(load, RegionFolder(Path(folder)), batching)
    return NetworkExtractor(load, chosen_provider(detector), batching)


def post_of(
    text: str | list[str],
    image: str | None = None,
    regions: list[tuple[float, float, float, float]] | None = None,
    caption: str | None = None,
    id: str | None = None,
    near_misses: bool = False,
) -> Post:
    """Make a post from the tool's arguments.

    Raises:
        PostError: a candidate region is no box, or none in pixels.
    """
    try:
        boxes = None if regions is None else tuple(Box(*corners) for corners in regions)
    except ValueError as error:
        raise PostError(f"a candidate region cannot be used: {error}") from error
    if share := next((box for box in boxes or () if box.is_in_shares), None):
        raise PostError(f"a candidate region cannot be used: {share} is {IN_SHARES}")
    words = text if isinstance(text, str) else tuple(text)
    return Post(text=words, image=image, regions=boxes, caption=caption, id=id, near_misses=near_misses)
