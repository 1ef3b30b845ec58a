"""The application: its addresses, and what is opened and closed with it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Match, Route

from unco import __version__
from unco.errors import UncoError
from unco.serving import openapi
from unco.serving.accounts.ledger import Ledger
from unco.serving.accounts.tokens import TokenFile
from unco.serving.databases.choice import open_database
from unco.serving.databases.database import Database
from unco.serving.for_agents import mcp_routes, mcp_server
from unco.serving.gate import Gate
from unco.serving.logs import note, note_fault
from unco.serving.machine import build_machine, disk_state
from unco.serving.metrics import exposition, show_watch
from unco.serving.problems import problem_of
from unco.serving.reading import HOW_MANY, HOW_TO_ANSWER, posts_of, read_fields, read_object
from unco.serving.reviews import open_reviews
from unco.serving.service import REQUEST_ID, Answer, Service, while_connected
from unco.serving.settings import ServeSettings
from unco.serving.stream import Steps
from unco.tools.extraction.extractor import Extractor
from unco.tools.free_memory import return_freed_memory
from unco.types import Result

_EVENTS = "text/event-stream"
_RETURN_S = 3.0
"""Seconds between two times that freed memory is given back to the system."""


def create_app(settings: ServeSettings, extractor: Extractor | None = None) -> Gate:
    """Make the application of one worker, with the small model loaded.

    Args:
        settings: of the service.
        extractor: stage 1; None = the small model of the settings.

    Raises:
        SettingsError: tokens or settings cannot be used.
        SetupError: the small model cannot be loaded, or the service's state cannot be written.
    """
    tokens = None if settings.tokens is None else TokenFile(settings.tokens)
    database = open_database(settings)
    ledger = Ledger(database)
    ledger.check()
    machine = build_machine(settings, ledger, extractor)
    machine.warm()
    service = Service(settings, machine, ledger)
    agents = mcp_server(service, __version__)
    app = FastAPI(
        title="unco",
        version=__version__,
        summary="Named entities of posts and where they are in their pictures, with what is uncertain corrected.",
        lifespan=partial(_lifespan, service, database, agents),
        docs_url=None,  # that page would load programs from elsewhere
        redoc_url=None,
        exception_handlers={UncoError: _problem, HTTPException: _problem, Exception: _problem},
    )
    _add_routes(app, service)
    app.router.routes.extend(mcp_routes(agents))
    openapi.describe(app)
    return Gate(app, tokens)


@asynccontextmanager
async def _lifespan(service: Service, database: Database, agents: Any, _: FastAPI) -> AsyncIterator[None]:
    async with AsyncExitStack() as opened:
        opened.callback(service.ledger.close)
        if service.settings.reviews:
            reviews = open_reviews(service.machine, database)
            service.reviews = await opened.enter_async_context(reviews)
        await opened.enter_async_context(agents.session_manager.run())
        opened.callback(asyncio.create_task(_return_memory()).cancel)
        if service.machine.watch is not None:
            show_watch(service.machine.watch)
        note("ready")
        yield
        note("stopping")


async def _return_memory() -> None:
    """Keep the worker's memory flat: give back what posts have left, every three seconds."""
    while True:
        await asyncio.sleep(_RETURN_S)
        await asyncio.to_thread(return_freed_memory)


async def _problem(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        error.headers = {"Allow": ", ".join(_methods_of(request))}
    problem = problem_of(error)
    if problem.status >= 500 and isinstance(error, UncoError):  # any other comes to the gate as well
        note_fault(error, REQUEST_ID.get())
    return problem.response(REQUEST_ID.get())


def _methods_of(request: Request) -> list[str]:
    """List the methods of an address; Starlette tells those of its first route alone."""
    routes = [route for route in request.app.router.routes if isinstance(route, Route)]
    return sorted(
        {name for route in routes if route.matches(request.scope)[0] is not Match.NONE for name in route.methods or ()}
    )


def _response(answer: Answer) -> JSONResponse:
    return JSONResponse(answer.body, answer.status)


def _add_routes(app: FastAPI, service: Service) -> None:
    _add_posts(app, service)
    _add_reviews(app, service)
    _add_health(app, service)


def _add_posts(app: FastAPI, service: Service) -> None:
    body = partial(openapi.request_body, openapi.ExtractRequest, form=True)

    @app.post(
        "/extract",
        openapi_extra=body(),
        responses=openapi.answers((200, Result, "The result."), (202, openapi.ReviewBody, "A person is asked first.")),
    )
    async def extract(request: Request) -> Response:
        """Find the entities of one post."""
        fields = await read_fields(request)
        context = service.read_context(fields.pop("context", None))
        async with service.admitted():
            return _response(await while_connected(request, service.answer(fields, context)))

    @app.post("/extract/stream", openapi_extra=body(), responses=openapi.answers(), response_class=StreamingResponse)
    async def extract_stream(request: Request) -> Response:
        """Find the entities of one post, and tell each step as a server-sent event."""
        fields = await read_fields(request)
        steps = Steps(service, fields, service.read_context(fields.pop("context", None)))
        try:
            first = await while_connected(request, steps.first())
        except BaseException:
            steps.cancel()
            raise
        quiet = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(steps.lines(first), media_type=_EVENTS, headers=quiet)

    @app.post(
        "/extract/many",
        openapi_extra=openapi.request_body(openapi.ManyRequest),
        responses=openapi.answers((200, openapi.ManyBody, "What came of each post, in order.")),
    )
    async def extract_many(request: Request) -> Response:
        """Find the entities of many posts; one that cannot be used stops no other."""
        fields = await read_object(request, HOW_MANY)
        posts, context = posts_of(fields), service.read_context(fields.get("context"))
        async with service.admitted(len(posts)):
            results = await while_connected(request, service.answer_many(posts, context))
        return JSONResponse({"results": results})


def _add_reviews(app: FastAPI, service: Service) -> None:
    @app.get("/reviews", responses=openapi.answers((200, openapi.ReviewList, "Open reviews, the oldest first.")))
    async def reviews() -> Response:
        """List the open reviews of your own posts."""
        return JSONResponse({"reviews": await service.switched_on().open_of(service.caller)})

    @app.get("/reviews/{review}", responses=openapi.answers((200, openapi.Review, "The review, or the result.")))
    async def one_review(review: str) -> Response:
        """Show one review: what is open, or the result once it is settled."""
        return JSONResponse(await service.switched_on().one(review, service.caller))

    @app.post(
        "/reviews/{review}",
        openapi_extra=openapi.request_body(openapi.ReviewAnswers),
        responses=openapi.answers((200, Result, "The result."), (202, openapi.ReviewBody, "Some is open still.")),
    )
    async def settle(review: str, request: Request) -> Response:
        """Answer a review."""
        return _response(await service.settle(review, (await read_object(request, HOW_TO_ANSWER)).get("answers")))


def _add_health(app: FastAPI, service: Service) -> None:
    @app.get("/health/live")
    async def live() -> Response:
        """Say that the worker runs."""
        return JSONResponse({"state": "ok"})

    @app.get("/health/ready")
    async def ready() -> Response:
        """Say whether posts can be answered; an MLLM that fails costs its corrections only, so it is told, no more."""
        database = await service.ledger.state()
        disk = disk_state(service.settings)
        state = {"model": "loaded", "endpoint": service.machine.endpoint_state(), "database": database, "disk": disk}
        return JSONResponse(state, 200 if disk["state"] == database == "ok" else 503)

    @app.get("/metrics")
    async def metrics() -> Response:
        """Give counts for Prometheus."""
        return Response(exposition(), media_type="text/plain; version=0.0.4")
