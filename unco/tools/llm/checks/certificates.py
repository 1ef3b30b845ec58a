"""Checks the certificates that the environment names, and builds the TLS context of all clients from them."""

import os
import ssl
from functools import lru_cache
from pathlib import Path

from unco.errors import SettingsError


def check_certificates() -> None:
    """Refuse variables of the environment that name certificates which are not there, or are none.

    Without this the first call would fail deep inside of TLS, with an error that names no variable.

    Raises:
        SettingsError: names the variable.
    """
    if (value := os.environ.get("SSL_CERT_DIR")) and not any(map(os.path.isdir, value.split(os.pathsep))):
        raise _fault("SSL_CERT_DIR", "a folder that does not exist")
    if value := os.environ.get("SSL_CERT_FILE"):
        _check_file(value)
    if value := os.environ.get("SSLKEYLOGFILE"):
        _check_log(Path(value))


def tls_context() -> ssl.SSLContext:
    """Return the TLS context of the certificates that the environment names now; clients share it.

    Raises:
        SettingsError: as `check_certificates`.
    """
    check_certificates()
    named = {name: os.environ.get(name, "") for name in ("SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE")}
    return _context(_changed(named["SSL_CERT_FILE"]), *named.values())


@lru_cache(maxsize=4)
def _context(changed: int, file: str, folder: str, log: str) -> ssl.SSLContext:
    """Build a context; the arguments tell one environment from another. It takes most of the time of a client."""
    import httpx2

    return httpx2.create_ssl_context()


def _changed(path: str) -> int:
    """Return when a file was changed last, so that another file in its place is read anew."""
    return os.stat(path).st_mtime_ns if path else 0


def _check_file(path: str) -> None:
    if not os.path.exists(path):
        raise _fault("SSL_CERT_FILE", "a file that does not exist")
    try:
        _load(path, _changed(path))
    except OSError:  # an SSLError is one
        raise _fault("SSL_CERT_FILE", "a file that holds no certificates, or cannot be read") from None


@lru_cache(maxsize=4)
def _load(path: str, changed: int) -> None:
    """Try to load certificates; an error is not kept."""
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)


def _check_log(path: Path) -> None:
    """Check the file that OpenSSL writes session keys into, for those who debug TLS."""
    try:
        path.open("ab").close()
    except OSError:
        raise _fault("SSLKEYLOGFILE", "a file that cannot be written") from None


def _fault(name: str, what: str) -> SettingsError:
    return SettingsError(f"the environment variable {name} names {what}: correct or unset it")
