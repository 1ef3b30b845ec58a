"""Loading of models from a folder or the Hugging Face hub: safetensors only, quietly, with one kind of error."""

from collections.abc import Iterator
from contextlib import contextmanager
from logging import ERROR
from pathlib import Path

from unco.errors import SetupError

USED_FILES = ["*.json", "*.safetensors", "*.txt", "*.model"]
"""File patterns that are fetched from the hub: no pickles."""


def fetched_folder(source: str) -> Path:
    """Return the folder of a model, fetching it from the hub unless `source` is a folder.

    Raises:
        SetupError: there is no such folder and it cannot be fetched.
    """
    if Path(source).is_dir():
        return Path(source)
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(source, allow_patterns=USED_FILES))
    except Exception as error:  # the hub raises many kinds
        raise SetupError(f"{source} is neither a folder nor a model that can be fetched: {error}") from error


@contextmanager
def loading(model: str, purpose: str) -> Iterator[None]:
    """Turn any error while a model is loaded into a `SetupError` that says what to do.

    Args:
        model: folder or name on the hub.
        purpose: kind of model that was wanted, for the message.

    Raises:
        SetupError: the model is not there, is of another kind, or lacks a part.
    """
    from safetensors import SafetensorError
    from transformers.utils import logging

    before = logging.get_verbosity()
    logging.set_verbosity(ERROR)  # it lists each weight of the halves of a model that we leave out
    try:
        yield
    except (OSError, ValueError, ImportError, RuntimeError, KeyError, TypeError, SafetensorError) as error:
        reason = str(error).strip().split("\n")[0]
        raise SetupError(
            f"{model} cannot be loaded as {purpose} ({type(error).__name__}: {reason}): give a folder, or a name on the"
            " Hugging Face hub, of such a model with its preprocessor and its weights as safetensors"
        ) from error
    finally:
        logging.set_verbosity(before)
