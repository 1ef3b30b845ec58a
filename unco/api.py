"""The library's shortest way in: `extract` runs one post, `extract_many` many."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from inspect import signature
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unco.context import Context
from unco.errors import PostError, UncoError
from unco.state import read_result
from unco.types import Box, Label, Result

if TYPE_CHECKING:
    from PIL import Image

    from unco.tools.pictures.from_python import BinaryFile, PixelArray


def extract(
    text: str | Sequence[str],
    image: "str | PathLike[str] | bytes | BinaryFile | PixelArray | Image.Image | None" = None,
    *,
    regions: Sequence[Box] | None = None,
    caption: str | None = None,
    checkpoint: str | None = None,
    scheme: str | None = None,
    estimator: str | None = None,
    context: Context | None = None,
    variant: str = "unco",
    policy: str | PathLike[str] | None = None,
    labels: str | PathLike[str] | Sequence[Label] | None = None,
    detector: str | None = None,
    region_files: str | PathLike[str] | None = None,
) -> Result:
    """Find the named entities of a post and where they are in its picture.

    Args:
        text: the post's text, or its tokens.
        image: path, `data:` URL, http(s) URL of an allowed host, the bytes of a file, an open file, an array
            (uint8, height x width x 3), or a PIL picture; None = the post has none.
        regions: candidate boxes of your own; None = look for people, things (by a detector), faces and lines of text.
        caption: what the picture shows, in words, for a small model that was trained with captions.
        checkpoint: folder of a small model of your own, or its name on the Hugging Face hub; None = the shipped one.
        scheme: types to tell apart: gmner (4), fmnerg (51) or fmnerg_coarse (8); None = gmner.
        estimator: of uncertainty: mc_decoder is the paper's; None = the checkpoint's first choice.
        context: thresholds, prompt versions, model and mode; None = the defaults.
        variant: of the whole pipeline, for comparison: see `unco.graph.variants`.
        labels: types of your own that nothing was trained for, or the YAML file of them, a list of `name` and
            `description`: the MLLM chooses one for each entity, and without an MLLM the types are None.
        policy: file of `unco tune` whose thresholds replace the checkpoint's; those of the context still win.
        detector: finds people and things: `ssd`, or folder or hub name of a detector of transformers; None = the one
            that `UNCO_DETECTOR` names, else none.
        region_files: folder of region files (`unco regions`), by name of picture; None = the one that `UNCO_REGIONS`
            names, else none.

    Raises:
        PostError: the text cannot be used.
        PictureError: the picture may not be opened; or cannot be used, with `Context(strict_pictures=True)`. Otherwise
            the text is read without it, and `Result.picture` says why.
        SettingsError: the context asks for something that does not exist, or the policy is none.
        SetupError: the detector cannot be loaded.
    """
    from unco.graph import default_graph, graph
    from unco.tools.pictures.from_python import reference_of

    chosen = (checkpoint, scheme, estimator)
    files = None if region_files is None else fspath(region_files)
    if any(chosen) or detector or files or variant != "unco" or policy is not None:
        named = None if policy is None else fspath(policy)
        compiled = default_graph(*chosen, variant=variant, policy=named, detector=detector, region_files=files)
    else:
        compiled = graph
    post = {
        "text": list(text) if isinstance(text, Sequence) and not isinstance(text, str) else text,
        "image": None if image is None else reference_of(image),
        "regions": None if regions is None else [(box.x1, box.y1, box.x2, box.y2) for box in regions],
        "caption": caption,
    }
    chosen_context = context or Context()
    if labels is not None:
        chosen_context = replace(chosen_context, labels=_labels(labels))
    return read_result(compiled.invoke(post, context=chosen_context))


def _labels(given: str | PathLike[str] | Sequence[Label]) -> tuple[Label, ...]:
    if not isinstance(given, str | PathLike):
        return tuple(given)
    from unco.small_model.label_schemes import read_labels

    return read_labels(Path(given))


def extract_many(
    posts: Iterable[str | Sequence[str] | Mapping[str, Any]],
    *,
    at_once: int = 16,
    progress: Callable[[int], None] | None = None,
    **settings: Any,
) -> list[Result | UncoError]:
    """Run many posts; the small model reads them in batches, and one that cannot be used stops no other.

    For files of posts, and to go on after a break, there is `unco run`.

    Args:
        posts: texts, tokens, or mappings with the arguments of `extract` that belong to one post: text, image, regions,
            caption.
        at_once: posts under way at the same time.
        progress: called with the number of posts that are done, after each in order.
        settings: the other arguments of `extract`, for all posts that do not have one of their own.

    Returns:
        What came of each post, in order: its result, or the error that `extract` would have raised.

    Raises:
        PostError: `posts` is one post.
    """
    if isinstance(posts, str | bytes | Mapping):
        raise PostError("this is one post: hand in a list of posts, or give it to unco.extract")

    def one(post: str | Sequence[str] | Mapping[str, Any]) -> Result | UncoError:
        try:
            return extract(**{**settings, **(_arguments(post) if isinstance(post, Mapping) else {"text": post})})
        except UncoError as error:
            return error

    done: list[Result | UncoError] = []
    with ThreadPoolExecutor(at_once) as pool:
        for outcome in pool.map(one, posts):
            done.append(outcome)
            if progress is not None:
                progress(len(done))
    return done


def _arguments(post: Mapping[str, Any]) -> Mapping[str, Any]:
    """Check that `extract` knows all fields of a post, and has its text."""
    unknown = [name for name in post if name not in signature(extract).parameters]
    if unknown or "text" not in post:
        what = f"it has {', '.join(map(repr, unknown))}" if unknown else "it has no text"
        raise PostError(f"a post has the fields text, image, regions and caption: {what}")
    return post
