"""Read and write gold posts as the data sets' own files: CoNLL text beside Pascal VOC boxes.

In these files a box belongs to a name, not to an entity, and the text has one tag a token; what they cannot hold is
refused, so that what is written reads back equal.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from unco.errors import DataError
from unco.evals.data.twitter_gmner import has_fine_types, read_tagged, split_file
from unco.evals.formats.checks import check_gold
from unco.evals.formats.geometry import box_to_list
from unco.small_model.label_schemes import COARSE_OF
from unco.types import Box, GoldPost
from unco.types.picture_names import id_of_picture

_NAME_ENDS = "\t\n"
_EDGES = ("xmin", "ymin", "xmax", "ymax")


def read_folder(folder: Path, split: str, boxes: Path | None = None) -> list[GoldPost]:
    """Read one split of Twitter-GMNER, or of Twitter-FMNERG (three columns: token, coarse and fine tag).

    Args:
        folder: with txt/ and xml/.
        split: name of the file in txt/.
        boxes: folder of the xml files, where it is another.

    Raises:
        DataError: a file is missing, or not in the format, with its place.
    """
    return read_text_file(split_file(folder, split), boxes or folder / "xml")


def read_text_file(path: Path, boxes: Path) -> list[GoldPost]:
    """Read a file of CoNLL text, and the boxes of its entities from a folder; without that nothing is grounded.

    Raises:
        DataError: it is not in the format, with its place; or there are no boxes for Twitter-FMNERG.
    """
    posts = read_tagged(path, boxes, has_fine_types(path))
    check_gold(posts, str(path))
    return posts


def write_folder(posts: Sequence[GoldPost], folder: Path, split: str) -> None:
    """Write one split; `read_folder` gives it back as it is. Types that are all of Twitter-FMNERG make three columns.

    Args:
        posts: gold posts, their entities in the order of the text.
        folder: for txt/ and xml/; other splits may be in it.
        split: name of the file in txt/.

    Raises:
        DataError: the files cannot hold a post, and nothing is written then; or they cannot be written.
    """
    kinds = {entity.type for post in posts for entity in post.entities}
    fine = bool(kinds) and kinds <= COARSE_OF.keys()
    texts = [_post_text(post, fine) for post in posts]
    pictures = {folder / "xml" / f"{post.id}.xml": _post_xml(post) for post in posts}
    try:
        _write_files("".join(texts), folder / "txt" / f"{split}.txt", pictures)
    except OSError as error:
        raise DataError(f"{error.filename or folder} cannot be written: {error.strerror or error}") from error


def _write_files(text: str, path: Path, pictures: Mapping[Path, str | None]) -> None:
    for file, xml in pictures.items():
        if xml is None and file.exists():
            raise DataError(f"{file} is there, but the post has no picture size: it would get that file's boxes")
    for folder in (path.parent, path.parent.parent / "xml"):
        folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))
    for file, xml in pictures.items():
        if xml is not None:
            file.write_bytes(xml.encode("utf-8"))


def _post_text(post: GoldPost, fine: bool) -> str:
    odd = post.id != id_of_picture(post.id.strip(" \r")) or set(post.id) & {"\t", "\n", "/", "\0"}
    if not post.id or odd:
        raise DataError(f"post {post.id!r}: such an id cannot name an xml file")
    tags = ["O"] * len(post.tokens)
    end = 0
    for entity in post.entities:
        if entity.span.start < end:
            raise DataError(f"post {post.id!r}: entities overlap, or are not in the order of the text")
        if not entity.type or set(entity.type) & set(_NAME_ENDS):
            raise DataError(f"post {post.id!r}: {entity.type!r} cannot be part of a tag")
        end = entity.span.stop
        tags[entity.span.start : end] = [f"B-{entity.type}"] + [f"I-{entity.type}"] * (len(entity.span) - 1)
    rows = []
    for token, tag in zip(post.tokens, tags, strict=True):
        if set(token) & set(_NAME_ENDS):
            raise DataError(f"post {post.id!r}: the token {token!r} holds a tab or a line feed")
        rows.append(f"{token}\t{_coarse(tag)}\t{tag}\n" if fine else f"{token}\t{tag}\n")
    return f"IMGID:{post.id}\n{''.join(rows)}\n"


def _coarse(tag: str) -> str:
    mark, _, kind = tag.partition("-")
    return f"{mark}-{COARSE_OF[kind]}" if kind else tag


def _post_xml(post: GoldPost) -> str | None:
    """Make the XML of a post's boxes; None = no file, since the post has no picture size and so no boxes."""
    boxes: dict[str, tuple[Box, ...]] = {}
    for entity in post.entities:
        name = " ".join(post.tokens[entity.span.start : entity.span.stop])
        if boxes.setdefault(name, entity.boxes) != entity.boxes:
            raise DataError(f"post {post.id!r}: {name!r} stands twice with different boxes, but boxes go by name")
    objects = "".join(_object(post, name, box) for name, held in boxes.items() for box in held)
    if post.size is None:
        if objects:
            raise DataError(f"post {post.id!r} has boxes, but no width and height")
        return None
    width, height = post.size
    size = f"\t<size>\n\t\t<width>{width}</width>\n\t\t<height>{height}</height>\n\t\t<depth>3</depth>\n\t</size>\n"
    filename = f"\t<filename>{_escaped(post, post.id)}.jpg</filename>\n"
    return f"<annotation>\n{filename}{size}{objects}</annotation>\n"


def _object(post: GoldPost, name: str, box: Box) -> str:
    edges = "".join(f"\t\t\t<{edge}>{value}</{edge}>\n" for edge, value in zip(_EDGES, box_to_list(box), strict=True))
    return f"\t<object>\n\t\t<name>{_escaped(post, name)}</name>\n\t\t<bndbox>\n{edges}\t\t</bndbox>\n\t</object>\n"


def _escaped(post: GoldPost, text: str) -> str:
    if any((char < " " and char not in "\t\n\r") or char in "\ufffe\uffff" for char in text):
        raise DataError(f"post {post.id!r}: {text!r} holds a character that XML cannot hold")
    return escape(text, {"\r": "&#13;"})  # a bare one would come back as a line feed
