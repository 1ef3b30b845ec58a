"""Bearer tokens: a file with a hash, a rate and a budget for each; the tokens themselves stand nowhere."""

import os
import secrets
from collections.abc import Sequence
from hashlib import sha256
from hmac import compare_digest
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from unco.errors import SettingsError, SetupError
from unco.plain_yaml import read_yaml
from unco.tools.llm.budget import Caps

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Token(BaseModel):
    """One entry of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    """Stands in the log."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """Of the token, in hex. A token has 256 random bits, so that nobody finds it by trying."""
    posts_per_minute: Positive | None = None
    """None = any number."""
    calls: Annotated[int, Field(ge=0)] | None = None
    """Questions to the MLLM, from the token's making on; None = any number."""
    usd: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None
    """US dollars for them; None = any sum."""

    @property
    def account(self) -> str:
        """Name of its account in the ledger: a new token of an old name begins anew."""
        return f"{self.name} {self.sha256[:16]}"

    @property
    def caps(self) -> Caps:
        """What the token may spend."""
        return Caps(self.calls, self.usd)


class _Tokens(BaseModel):
    tokens: tuple[Token, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> "_Tokens":
        for field in ("name", "sha256"):
            values = [getattr(token, field) for token in self.tokens]
            if again := sorted({value for value in values if values.count(value) > 1}):
                raise ValueError(f"each token has a {field} of its own, and {again[0][:12]} stands there twice")
        return self


_LIST = TypeAdapter(tuple[Token, ...])


def read_tokens(path: Path) -> tuple[Token, ...]:
    """Read a file of tokens, a YAML list.

    Raises:
        SettingsError: it cannot be read, or an entry is none; names the place.
    """
    try:
        return _Tokens(tokens=_LIST.validate_python(read_yaml(path) or [])).tokens
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise SettingsError(f"the file of tokens {path}: {faults}") from error
    except (OSError, ValueError) as error:
        raise SettingsError(
            f"the file of tokens {path} cannot be read ({error}): `unco serve-token NAME --tokens {path}` makes one"
        ) from error


def make_token(path: Path, name: str, posts_per_minute: float | None, calls: int | None, usd: float | None) -> str:
    """Make a token, add its hash to the file, and return it; it cannot be read again from anywhere.

    Raises:
        SettingsError: there is one of this name, a number is out of range, or the file cannot be written.
    """
    secret = f"unco_{secrets.token_urlsafe(32)}"
    fields = {"name": name, "sha256": _hash(secret), "posts_per_minute": posts_per_minute, "calls": calls, "usd": usd}
    given = {field: value for field, value in fields.items() if value is not None}
    known = read_tokens(path) if path.exists() else ()
    try:
        _Tokens(tokens=(*known, Token.model_validate(given)))
    except ValidationError as error:
        raise SettingsError(f"token {name!r}: {_first_fault(error)}") from error
    try:
        _append(path, yaml.safe_dump([given], sort_keys=False).encode())
    except OSError as error:
        raise SettingsError(f"the file of tokens {path} cannot be written: {error}") from error
    return secret


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_url=False)[0]
    return f"{' '.join(map(str, fault['loc']))} {fault['msg'].removeprefix('Value error, ')}".strip()


def _append(path: Path, entry: bytes) -> None:
    """Append an entry in one write, on a line of its own; who is not its owner may not read the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    before = path.read_bytes() if path.exists() else b""
    empty = before.strip() == b"[]"
    mode = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if empty else os.O_APPEND)
    with open(os.open(path, mode, 0o600), "ab") as file:
        file.write(entry if empty or not before or before.endswith(b"\n") else b"\n" + entry)


def find_token(tokens: Sequence[Token], secret: str) -> Token | None:
    """Find whose token this is; each is compared, in constant time, so that the time tells nothing."""
    digest, found = _hash(secret), None
    for token in tokens:
        if compare_digest(token.sha256, digest):
            found = token
    return found


def _hash(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


class TokenFile:
    """The tokens of a file, read again when it has changed: one that was taken out is refused from then on."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            SettingsError: see `read_tokens`.
        """
        self._path = path
        self._seen = self._stamp()
        self._tokens = read_tokens(path)

    def find(self, secret: str) -> Token | None:
        """Find whose token this is; None = nobody's.

        Raises:
            SetupError: the file was changed and is none any more: nobody is let in.
        """
        if (stamp := self._stamp()) != self._seen:
            try:
                self._tokens, self._seen = read_tokens(self._path), stamp
            except SettingsError as error:
                raise SetupError(str(error)) from error
        return find_token(self._tokens, secret)

    def _stamp(self) -> tuple[int, int, int] | None:
        try:
            found = os.stat(self._path)
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
