"""Checks of the MLLM endpoint: settings, address, model name, JSON output, vision, box frame.

Each model of the chain gets one question, about a drawn picture whose answer is known; it costs what a question costs.
"""

import json
from collections.abc import Iterator
from dataclasses import replace

from unco.context import Context
from unco.doctor.check import Check
from unco.errors import CallFailed, EndpointError, ReplyError, Unavailable, UncoError
from unco.evals.frame_probe.pictures import DRAWINGS
from unco.evals.frame_probe.probe import question
from unco.nodes.settings import current_frame
from unco.prompts import Answer, RegionAnswer, load_prompt, parse_answer
from unco.tools.box_frames.frame import FRAMES, Frame
from unco.tools.box_frames.saved import saved_frame
from unco.tools.llm.client import Mllm
from unco.tools.llm_settings import mllm_from_env

SET_ENDPOINT = "set UNCO_LLM_BASE_URL and UNCO_LLM_MODEL, or UNCO_SETTINGS"
SET_FRAME = "run `unco probe-frame`, or set the frame"


def check_endpoints() -> list[Check]:
    """Check all models that the environment or its settings file names."""
    try:
        first = mllm_from_env(cached=False)
    except UncoError as error:
        return [Check("settings", "fault", str(error), "correct the settings file or the environment")]
    if not first.configured:
        return [Check("endpoint", "skipped", "no MLLM is set: corrections come back as `unavailable`", SET_ENDPOINT)]
    return [check for llm in (first, *first.fallbacks) for check in check_endpoint(llm)]


def check_endpoint(llm: Mllm) -> Iterator[Check]:
    """Check one model; checks that depend on a failed one are left out."""
    reached = _check_reachable(llm)
    yield reached
    frame = _check_frame(llm)
    if reached.state != "fault":
        yield from _check_answer(llm, _frame_or_any(llm))
    yield frame


def _check_reachable(llm: Mllm) -> Check:
    name = f"endpoint {llm.model}"
    try:
        listed = llm.listed_models()
    except CallFailed as error:
        return Check(name, "warning", f"it is there and does not list its models: {error}", "see the question below")
    except EndpointError as error:
        return Check(name, "fault", str(error), "start it, or correct its address")
    if llm.model not in listed:
        some = ", ".join(sorted(listed)[:10]) or "none"
        return Check(name, "fault", f"it knows no such model; it lists {some}", "set UNCO_LLM_MODEL to one of them")
    return Check(name, "ok", f"it is there and lists the model among {len(listed)}")


def _check_answer(llm: Mllm, frame: Frame) -> Iterator[Check]:
    """Check JSON mode and vision with one question."""
    schema = json.dumps(load_prompt("region", "v1").schema)
    request = replace(question(llm.model or "", DRAWINGS[0], frame), schema=schema)
    name = f"JSON of {llm.model}"
    try:
        reply = llm.ask(request, "live")
        answer = parse_answer(reply.text, reply.finish_reason, "region")
    except ReplyError as error:
        yield Check(name, "fault", f"its answer cannot be read: {error}", "use another model or server")
        return
    except Unavailable as error:
        yield Check(name, "skipped", str(error), "change the settings' privacy or budget if you want it asked")
        return
    except UncoError as error:
        yield Check(name, "fault", str(error), "look into the endpoint's log; is the key set?")
        return
    takes = llm.expected_format(request)
    yield Check(name, "ok" if takes == "json_schema" else "warning", f"it takes {takes}, and its answer can be read")
    yield _check_vision(llm, answer)


def _check_vision(llm: Mllm, answer: Answer) -> Check:
    assert isinstance(answer, RegionAnswer)
    if answer.corrected_bounding_box is None:
        return Check(
            f"vision of {llm.model}", "fault", "it sees nothing in a drawing", "take a model that sees pictures"
        )
    return Check(f"vision of {llm.model}", "ok", "it says where the rectangle of a drawing is")


def _check_frame(llm: Mllm) -> Check:
    name, model = f"box frame of {llm.model}", llm.model or ""
    try:
        frame = current_frame(Context(), llm)
    except UncoError as error:
        return Check(name, "fault", str(error), SET_FRAME)
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
