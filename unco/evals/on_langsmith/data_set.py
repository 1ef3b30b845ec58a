"""Upload gold posts as a data set of LangSmith: what the graph takes as inputs, gold as reference outputs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unco.errors import DataError, SettingsError
from unco.evals.formats.gold_lines import gold_to_dict
from unco.types import GoldPost
from unco.types.picture_names import names_by_id

if TYPE_CHECKING:
    from langsmith import Client

Json = dict[str, Any]


def examples_of(gold: Sequence[GoldPost], pictures: Path | None = None) -> list[Json]:
    """Convert gold posts to examples: `inputs` as `graph.invoke` takes them, `reference_outputs` as a line of gold.

    Args:
        gold: the posts.
        pictures: folder with `<id>.jpg`. An example names the file and does not hold it; None = posts without pictures.
    """
    return [{"inputs": _inputs(post, pictures), "reference_outputs": gold_to_dict(post)} for post in gold]


def upload_data_set(
    gold: Sequence[GoldPost], name: str, pictures: Path | None = None, client: "Client | None" = None
) -> str:
    """Make a data set of gold posts on LangSmith. Their texts are sent there.

    Args:
        gold: the posts.
        name: of the data set; there must be none of this name.
        pictures: as of `examples_of`.
        client: None = one of the environment's (`LANGSMITH_API_KEY`, `LANGSMITH_ENDPOINT`).

    Returns:
        The id of the data set.

    Raises:
        DataError: there are no posts.
        SettingsError: there is such a data set already.
    """
    from langsmith import Client

    if not gold:
        raise DataError("there are no posts, so there is nothing to upload")
    there = client or Client()
    if there.has_dataset(dataset_name=name):
        raise SettingsError(f"LangSmith has a data set {name!r} already: choose another name, or delete it there")
    made = there.create_dataset(name, description=f"{len(gold)} posts with gold entities, from unco")
    there.create_examples(dataset_id=made.id, examples=examples_of(gold, pictures))
    return str(made.id)


def _inputs(post: GoldPost, pictures: Path | None) -> Json:
    files = [] if pictures is None else [pictures / name for name in names_by_id(post.id)]
    picture = next((str(file) for file in files if file.is_file()), None)
    return {"text": list(post.tokens), "id": post.id} | ({"image": picture} if picture else {})
