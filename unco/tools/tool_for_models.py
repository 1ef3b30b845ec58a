"""A tool that models call: what a model can do better is its answer; a program that calls it gets the error."""

from typing import Any

from langchain_core.messages import ToolMessage
from langchain_core.tools import StructuredTool

from unco.errors import PictureError, PostError


class ToolForModels(StructuredTool):
    """Answers a model's call with a post that cannot be used, so that one bad argument ends no agent's run."""

    def run(self, tool_input: Any, *args: Any, tool_call_id: str | None = None, **kwargs: Any) -> Any:
        """Run the tool.

        Raises:
            PostError: the post cannot be used, and it is no model that asks.
            PictureError: the same of its picture.
        """
        try:
            return super().run(_named(tool_input), *args, tool_call_id=tool_call_id, **kwargs)
        except (PostError, PictureError) as fault:
            if tool_call_id is None:
                raise
            return self._answer(fault, tool_call_id)

    async def arun(self, tool_input: Any, *args: Any, tool_call_id: str | None = None, **kwargs: Any) -> Any:
        """Run the tool, awaiting it."""
        try:
            return await super().arun(_named(tool_input), *args, tool_call_id=tool_call_id, **kwargs)
        except (PostError, PictureError) as fault:
            if tool_call_id is None:
                raise
            return self._answer(fault, tool_call_id)

    def _answer(self, fault: PostError | PictureError, tool_call_id: str) -> ToolMessage:
        message = fault.model_dump()["message"]
        return ToolMessage(f"Error: {message}", tool_call_id=tool_call_id, name=self.name, status="error")


def _named(tool_input: Any) -> Any:
    """Take words alone, as agents of text hand them in, for the post's text."""
    return {"text": tool_input} if isinstance(tool_input, str) else tool_input
