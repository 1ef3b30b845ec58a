"""What /openapi.json says of requests and answers: their fields, from the types that read them, and an example each."""

from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, Field, TypeAdapter
from pydantic.json_schema import models_json_schema

from unco.context import Context
from unco.nodes.review.request import ReviewRequest
from unco.nodes.review.response import HumanResponse
from unco.serving.problems import MEDIA_TYPE
from unco.state import Json, PostInput
from unco.types import Result

TEXT = "Eileen Collins flew for NASA"
_POST: Json = {"text": TEXT, "context": {"type_threshold": 0.2}}
_PROBLEM: Json = {
    "type": "about:blank",
    "title": "Unprocessable Content",
    "status": 422,
    "error": "PostError",
    "detail": "this is not a post (text, image, ...): txt: Extra inputs are not permitted",
    "request_id": "4f1c",
}
_ACCEPT: Json = {"type": "accept", "by": "Kim"}


class ExtractRequest(PostInput):
    """A post, and settings of the run."""

    context: Context | None = None


class ManyRequest(BaseModel):
    """Many posts, and settings of the run."""

    posts: list[PostInput] = Field(min_length=1)
    context: Context | None = None


class ProblemBody(BaseModel):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    error: str = Field(description="The error's class: PostError, PictureError, SettingsError, RequestError, ...")
    detail: str = Field(description="What is wrong, where, and what to do.")
    request_id: str


class Review(BaseModel):
    """A post that waits for a person; once it is settled, it has a result instead of requests."""

    id: str
    since: str = Field(description="ISO 8601, UTC.")
    requests: list[ReviewRequest] | None = None
    result: Result | None = None


class ReviewBody(BaseModel):
    """A post that a person has to settle first."""

    review: Review


class ReviewList(BaseModel):
    """Open reviews, the oldest first."""

    reviews: list[Review]


class ReviewAnswers(BaseModel):
    """A person's answers, in the order of the requests."""

    answers: list[HumanResponse] = Field(min_length=1)


class ManyItem(BaseModel):
    """What came of one post: exactly one of these."""

    result: Result | None = None
    review: Review | None = None
    error: ProblemBody | None = None


class ManyBody(BaseModel):
    """What came of each post, in order."""

    results: list[ManyItem]


_MODELS = (ExtractRequest, ManyRequest, ProblemBody, ReviewBody, ReviewList, ReviewAnswers, ManyBody)
_FORM: Json = {
    "type": "object",
    "required": ["text"],
    "properties": {
        "text": {"type": "string"},
        "image": {"type": "string", "contentMediaType": "application/octet-stream", "description": "The picture."},
        "context": {"type": "string", "contentMediaType": "application/json"},
    },
}


def describe(app: FastAPI) -> None:
    """Add the schemas of the types above to the application's description."""
    original = app.openapi

    def openapi() -> Json:
        if app.openapi_schema is None:
            found = original()
            found.setdefault("components", {}).setdefault("schemas", {}).update(_schemas())
            found["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            found["security"] = [{"token": []}]
        schema: Json = app.openapi_schema or {}
        return schema

    app.openapi = openapi  # type: ignore[method-assign]


def request_body(model: type[BaseModel], example: Json | None = None, form: bool = False) -> Json:
    """Describe a request's body.

    Args:
        model: of its JSON.
        example: of it.
        form: whether it may also be a form with a picture.
    """
    content: Json = {"application/json": {"schema": _ref(model), "example": example or _EXAMPLES[model]}}
    if form:
        content["multipart/form-data"] = {"schema": _FORM}
    return {"requestBody": {"required": True, "content": content}}


def answers(*models: tuple[int, type[Any], str]) -> dict[int | str, dict[str, Any]]:
    """Describe a route's answers: (status, type, what it means), and the problems that any route may answer with."""
    found: dict[int | str, dict[str, Any]] = {
        status: {"description": meaning, "content": {"application/json": {"schema": _ref(model)}}}
        for status, model, meaning in models
    }
    problem = {"schema": _ref(ProblemBody), "example": _PROBLEM}
    return found | {
        "4XX": {"description": "What is wrong with the request.", "content": {MEDIA_TYPE: problem}},
        "5XX": {"description": "The server cannot answer now.", "content": {MEDIA_TYPE: problem}},
    }


_EXAMPLES: dict[type[BaseModel], Json] = {
    ExtractRequest: _POST,
    ManyRequest: {"posts": [{"text": TEXT, "id": "1"}, {"text": "ESA met NASA", "id": "2"}]},
    ReviewAnswers: {"answers": [_ACCEPT, {"type": "edit", "args": {"args": {"value": "ORG"}}, "by": "Kim"}]},
}


def _ref(model: type[Any]) -> Json:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def _schemas() -> Json:
    inputs, outputs = [(model, "validation") for model in _MODELS], TypeAdapter(Result)
    template = "#/components/schemas/{model}"
    _, found = models_json_schema(inputs, ref_template=template)  # type: ignore[arg-type]
    result = outputs.json_schema(ref_template=template)
    defs = result.pop("$defs", {})
    return {**defs, **found.get("$defs", {}), "Result": result}
