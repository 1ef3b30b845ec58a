"""Text in whole characters: JSON can escape half of one, which no file and no further JSON takes."""


def replace_lone_surrogates(text: str) -> str:
    """Replace each half of a character by a question mark."""
    return text.encode("utf-8", "replace").decode()
