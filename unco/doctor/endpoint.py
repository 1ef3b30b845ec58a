"""Checks of the MLLM endpoint: settings, address, model name, JSON output, vision, box frame.

Each model of the chain gets one question, about a drawn picture whose answer is known; it costs what a question costs.
"""

import json
from collections.abc import Iterator
from dataclasses import replace

from unco.context import Context
from unco.doctor.advice import look_into_refusal, set_endpoint, set_frame
from unco.doctor.check import Check
from unco.doctor.model_names import listed_as
from unco.doctor.vision import check_vision
from unco.errors import CallFailed, EndpointError, ReplyError, Unavailable, UncoError
from unco.evals.frame_probe.pictures import DRAWINGS
from unco.evals.frame_probe.probe import question
from unco.nodes.settings import current_frame
from unco.prompts import RegionAnswer, load_prompt, parse_answer
from unco.tools.box_frames.frame import FRAMES, Frame
from unco.tools.box_frames.saved import saved_frame
from unco.tools.llm.client import Mllm
from unco.tools.llm_settings import mllm_from_env


def check_endpoints() -> list[Check]:
    """Check all models that the environment or its settings file names."""
    try:
        first = mllm_from_env(cached=False)
    except UncoError as error:
        return [Check("settings", "fault", str(error), "correct the settings file or the environment")]
    if not first.configured:
        return [Check("endpoint", "skipped", "no MLLM is set: corrections come back as `unavailable`", set_endpoint())]
    return [check for llm in (first, *first.fallbacks) for check in check_endpoint(llm)]


def check_endpoint(llm: Mllm) -> Iterator[Check]:
    """Check one model; it is asked unless nobody is there, whatever names the endpoint lists."""
    reached, other_names = _check_reachable(llm)
    yield reached
    frame = _check_frame(llm)
    if reached.state != "fault":
        yield from _check_answer(llm, _frame_or_any(llm), other_names)
    yield frame


def _check_reachable(llm: Mllm) -> tuple[Check, str]:
    """Check that the endpoint is there; returns also which models it lists, if this one is not among them."""
    name = f"endpoint {llm.model}"
    try:
        listed = {model for model in llm.listed_models() if isinstance(model, str)}
    except CallFailed as error:
        found = f"it is there and does not list its models: {error}"
        return Check(name, "warning", found, "see the question below"), ""
    except EndpointError as error:
        found = str(error).partition(": is it running")[0]  # what is set already needs no naming
        return Check(name, "fault", found, "start it, or correct its address"), ""
    known = listed_as(llm.model or "", listed)
    if known is None:
        some = ", ".join(sorted(listed)[:10])
        found = f"it is there and does not list the model; it lists {some or 'none'}"
        return Check(name, "warning", found, "see the question below"), some
    found = "the model" if known == llm.model else f"the model as {known}"
    return Check(name, "ok", f"it is there and lists {found} among {len(listed)}"), ""


def _check_answer(llm: Mllm, frame: Frame, other_names: str) -> Iterator[Check]:
    """Check JSON mode and vision with one question."""
    schema = json.dumps(load_prompt("region", "v1").schema)
    request = replace(question(llm.model or "", DRAWINGS[0], frame), schema=schema)
    name = f"JSON of {llm.model}"
    try:
        reply = llm.ask(request, "live")
        answer = parse_answer(reply.text, reply.ended, "region")
    except ReplyError as error:
        yield Check(name, "fault", f"its answer cannot be read: {error}", "use another model or server")
        return
    except Unavailable as error:
        yield Check(name, "skipped", str(error), "change the settings' privacy or budget if you want it asked")
        return
    except UncoError as error:
        yield Check(name, "fault", str(error), look_into_refusal(llm, other_names))
        return
    takes = llm.expected_shape(request).answer_format
    yield Check(name, "ok" if takes == "json_schema" else "warning", f"it takes {takes}, and its answer can be read")
    assert isinstance(answer, RegionAnswer)
    yield check_vision(llm.model or "", answer, frame, DRAWINGS[0])


def _check_frame(llm: Mllm) -> Check:
    name, model = f"box frame of {llm.model}", llm.model or ""
    try:
        frame = current_frame(Context(), llm)
    except UncoError as error:
        if llm.frame:
            return Check(name, "fault", str(error), "correct it")
        found = "none is known for it, so only posts without a picture are corrected"
        return Check(name, "fault", found, set_frame(llm))
    if llm.frame:
        return Check(name, "ok", f"{frame.name}, as set")
    if saved_frame(llm.base_url, model):
        return Check(name, "ok", f"{frame.name}, as probed")
    return Check(name, "warning", f"{frame.name}, by the model's name; not probed", "run `unco probe-frame`")


def _frame_or_any(llm: Mllm) -> Frame:
    try:
        return current_frame(Context(), llm)
    except UncoError:
        return FRAMES["0-1000"]
