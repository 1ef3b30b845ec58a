"""Starts the service: checks what can be checked first, then uvicorn with one worker or several."""

import os
import sys
import tempfile
from functools import partial

import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from unco.environment import VARIABLES
from unco.errors import SettingsError, SetupError, UncoError
from unco.serving.accounts.tokens import read_tokens
from unco.serving.app import create_app
from unco.serving.databases.choice import open_database
from unco.serving.gate import Gate, is_loopback
from unco.serving.logs import LOG_CONFIG, fault_of, log
from unco.serving.metrics import FOLDER_VARIABLE
from unco.serving.settings import ServeSettings
from unco.tools.llm_settings import mllm_from_env


def serve(settings: ServeSettings, host: str, port: int, grace_s: int) -> None:
    """Serve until the process is told to end (SIGTERM, SIGINT); then finish what is under way.

    Args:
        settings: of the service.
        host: address to listen at; another than this machine's own needs tokens.
        port: to listen at.
        grace_s: seconds that what is under way may take once the service is told to end.

    Raises:
        SettingsError: the settings cannot be used.
        SetupError: the small model cannot be loaded, or the port is taken.
    """
    _check(settings, host)
    # A client names no file of the server, unless whoever runs it names folders of pictures.
    os.environ.setdefault(VARIABLES["picture_roots"], "")
    config = uvicorn.Config(
        partial(_worker_app, settings),
        factory=True,
        host=host,
        port=port,
        workers=settings.workers,
        log_config=LOG_CONFIG,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        ws="none",
        http="h11",  # the parser that uvicorn prefers where it is installed drops the body behind an offer of HTTP/2
        lifespan="on",
        timeout_graceful_shutdown=grace_s,
        timeout_worker_healthcheck=60,
    )
    if settings.workers == 1:
        uvicorn.Server(config).run()
        return
    with tempfile.TemporaryDirectory(prefix="unco-metrics-") as folder:
        os.environ[FOLDER_VARIABLE] = folder
        try:
            sockets = [config.bind_socket()]
        except SystemExit:  # uvicorn has logged why
            raise SetupError(f"nobody can listen at {host}, port {port}: is it taken? --port chooses another") from None
        Multiprocess(config, sockets=sockets).run()


def _check(settings: ServeSettings, host: str) -> None:
    """Refuse what no worker could start with, before any does."""
    if settings.tokens is not None:
        if not read_tokens(settings.tokens):
            raise SettingsError(f"{settings.tokens} has no token: make one with `unco serve-token`")
    elif not is_loopback(host):
        raise SettingsError(
            f"at {host} others reach this service: give it tokens (--tokens FILE, made by `unco serve-token`), or "
            "serve at 127.0.0.1"
        )
    for name, value in (("--workers", settings.workers), ("--at-once", settings.at_once)):
        if value < 1:
            raise SettingsError(f"{name} is at least 1, got {value}")
    open_database(settings)
    mllm_from_env()


def _worker_app(settings: ServeSettings) -> Gate:
    """Make a worker's application; of several, one that cannot start ends them all."""
    try:
        return create_app(settings)
    except UncoError as error:
        if settings.workers == 1:
            raise
        log.error("start failed: %s", error, extra={"fields": fault_of(error)})
        sys.exit(STARTUP_FAILURE)
