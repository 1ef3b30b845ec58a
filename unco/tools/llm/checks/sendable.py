"""Checks keys and names of models: what cannot be sent is refused before anything is asked."""

from pydantic import SecretStr

from unco.errors import SettingsError

API_KEY = "the API key"  # pragma: allowlist secret
MODEL = "the model's name"
"""What both are called in a message where nobody says which setting they come from."""

_INVISIBLE = "\ufeff\u200b\u2060"
"""Marks that editors and web pages leave at the ends of a copied text, and that `str.strip` takes for letters."""


def strip_blanks(text: str) -> str:
    """Strip blanks, line feeds and invisible marks around a setting, as files and copied texts have them."""
    before = None
    while text != before:
        before, text = text, text.strip().strip(_INVISIBLE)
    return text


def clean_key(key: SecretStr | str | None, named: str = API_KEY) -> SecretStr | None:
    """Strip blanks around a key; None = there is none.

    Args:
        key: as it was set.
        named: what the message calls it: the variable that holds it.

    Raises:
        SettingsError: a header cannot carry it; the message does not show it.
    """
    text = strip_blanks(key.get_secret_value() if isinstance(key, SecretStr) else key or "")
    if not text.isascii():
        raise SettingsError(f"{named} holds a character that is not ASCII, as a typographic quote is: correct it")
    if not text.isprintable():
        raise SettingsError(f"{named} holds a line feed or another control character inside: correct it")
    return SecretStr(text) if text else None


def clean_model(model: str | None, named: str = MODEL) -> str | None:
    """Strip blanks around the name of a model; None = there is none.

    Raises:
        SettingsError: it holds a control character or a lone surrogate, which no server's model has.
    """
    text = strip_blanks(model or "")
    if any(letter < " " or letter == "\x7f" or "\ud800" <= letter <= "\udfff" for letter in text):
        raise SettingsError(f"{named} holds a control character, or half of a letter: correct it")
    return text or None
