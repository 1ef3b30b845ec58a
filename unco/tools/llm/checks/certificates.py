"""Checks the certificates that the environment names, which TLS cannot start without."""

import os
import ssl
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


def _check_file(path: str) -> None:
    if not os.path.exists(path):
        raise _fault("SSL_CERT_FILE", "a file that does not exist")
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cafile=path)
    except OSError:  # an SSLError is one
        raise _fault("SSL_CERT_FILE", "a file that holds no certificates, or cannot be read") from None


def _check_log(path: Path) -> None:
    """Check the file that OpenSSL writes session keys into, for those who debug TLS."""
    try:
        path.open("ab").close()
    except OSError:
        raise _fault("SSLKEYLOGFILE", "a file that cannot be written") from None


def _fault(name: str, what: str) -> SettingsError:
    return SettingsError(f"the environment variable {name} names {what}: correct or unset it")
