"""The first node: the small model, as a tool, finds entities and says how unsure it is (stage 1)."""

from dataclasses import replace

from langchain_core.tools import BaseTool

from unco.nodes.settings import check_settings, current_context
from unco.state import EXTRACTION, Json, PostInput, to_json
from unco.tools.llm import Mllm


def extract_node(tool: BaseTool, llm: Mllm, state: PostInput) -> Json:
    """Run the tool and fix the run's thresholds.

    Raises:
        InputError: text, picture or settings cannot be used; nothing has been asked yet.
    """
    context = current_context()
    check_settings(context, llm)
    extraction = EXTRACTION.validate_python(tool.invoke(state.model_dump()))
    extraction = replace(extraction, thresholds=context.thresholds(extraction.thresholds))
    return {"extraction": to_json(EXTRACTION, extraction), "corrected": None}
