"""Terminal output of results. Text of posts and models is printed as plain text, never as markup."""

import unicodedata

from rich.console import Console
from rich.table import Table
from rich.text import Text

from unco.errors import shorten
from unco.types import (
    ALWAYS,
    ATTRIBUTES,
    UNTYPED,
    Attribute,
    Box,
    Correction,
    Dropped,
    Entity,
    PostQuestion,
    Result,
    Span,
    Usage,
)

HOW_TO_CONFIGURE = (
    "Nobody was asked about what is unsure. To ask, set UNCO_LLM_BASE_URL and UNCO_LLM_MODEL (and OPENAI_API_KEY where "
    "needed) to a multimodal model behind an OpenAI-compatible server."
)
BIDI_CONTROLS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Unicode controls that change the direction of the text around them; right-to-left scripts do not need them."""

COLOURS = {
    "changed": "green",
    "added": "green",
    "kept": "cyan",
    "reviewed": "cyan",
    "low_confidence": "yellow",
    "rejected": "red",
    "failed": "red",
    "unavailable": "yellow",
    "skipped": "dim",
}


def show_result(result: Result, console: Console) -> None:
    """Print a result: entities with type, box and uncertainties, then the outcome of each uncertain attribute."""
    console.print(Text(visible(result.text), style="bold"))
    for warning in result.warnings:
        console.print(Text(f"note: {visible(warning)}", style="yellow"))
    for question in result.questions:
        added = sum(entity.found_by == question.finder for entity in result.all_entities)
        console.print(_question_line(question, added))
    if not result.all_entities:
        console.print("no entities found")
    if result.entities:
        console.print(_table(result))
    for one in result.dropped:
        console.print(_dropped_line(one, result.thresholds.drop))
    for near in result.near_misses:
        console.print(Text(f"near miss: {visible(near.text)} ({visible(near.type)}), {near.chance:.3f}", style="dim"))
    said: set[str] = set()
    for entity in result.all_entities:
        for note in entity.corrections:
            if note.outcome != "skipped" and entity.found_by == "small model":
                console.print(_correction_line(entity, note, result.tokens, said))
    if result.usage.calls:
        console.print(Text(usage_line(result.usage), style="dim"))
    if any(note.reason == "off" for entity in result.all_entities for note in entity.corrections):
        console.print(Text(HOW_TO_CONFIGURE, style="yellow"))


def usage_line(usage: Usage) -> str:
    """Summarise calls, cost and tokens of the corrections in a line."""
    given, made = ("unknown" if count is None else f"{count:,}" for count in (usage.input_tokens, usage.output_tokens))
    cost = "of unknown cost" if usage.cost is None else f"${usage.cost:.4f}"
    return f"calls: {usage.calls}, {usage.asked} of them made now, {cost}; tokens in {given}, out {made}"


def _question_line(question: PostQuestion, added: int) -> Text:
    """Format the outcome of a question about the whole post."""
    line = Text(f"{question.finder}: {question.outcome}, {added} added")
    if question.authored:
        line.append(" [answer authored by hand]", style="magenta")
    for reason in filter(None, (question.detail, *question.dropped, question.reasoning)):
        line.append(f"\n    {visible(reason)}", style="dim")
    return line


def visible(text: str) -> str:
    """Replace control characters by spaces: a post must not move the cursor, recolour the screen or reorder text."""
    return "".join(" " if unicodedata.category(char) == "Cc" or char in BIDI_CONTROLS else char for char in text)


def print_line(line: str, console: Console) -> None:
    """Print a line that may quote a stranger's words: as text, at a length that can be read."""
    console.print(Text(visible(shorten(line))), soft_wrap=True)


def _table(result: Result) -> Table:
    table = Table(pad_edge=False)
    for heading in ("entity", "type", "region (pixels)"):
        table.add_column(heading)
    for name in ATTRIBUTES:
        table.add_column(_heading(result, name), justify="right")
    for entity in result.entities:
        where = "; ".join(_value(box, result.tokens) for box in entity.regions or (None,))
        title = Text(visible(entity.text))
        if entity.found_by != "small model":
            title.append(f" ({entity.found_by})", style="dim")
        cells = [title, Text(visible(entity.shown_type)), Text(where)]
        table.add_row(*cells, *(_uncertainty(note) for note in entity.corrections))
    return table


def _heading(result: Result, name: Attribute) -> str:
    threshold = result.thresholds.of(name)
    if any(result.thresholds_of(entity).of(name) != threshold for entity in result.entities):
        return f"unsure of\n{name}\nown limit"
    return f"unsure of\n{name}\n{'always ask' if threshold == ALWAYS else f'ask > {threshold:.3f}'}"


def _dropped_line(one: Dropped, level: float) -> Text:
    what = f"{visible(one.entity.text)} ({visible(one.entity.shown_type)})"
    return Text(f"dropped: {what}, doubt {one.doubt:.3f} > {level:.3f}", style="yellow")


def _uncertainty(note: Correction) -> Text:
    routed = note.uncertainty > note.threshold and note.outcome != "added"
    return Text(f"{note.uncertainty:.3f}{' !' if routed else '  '}", style="yellow" if routed else "")


def _correction_line(entity: Entity, note: Correction, tokens: tuple[str, ...], said: set[str]) -> Text:
    """Format the outcome of an attribute; a reason that was given before is not given again."""
    nothing = UNTYPED if note.attribute == "type" else None
    before, after = _value(note.before or nothing, tokens), _value(note.after or nothing, tokens)
    line = Text(f"  {visible(entity.text)} / {note.attribute}: ")
    line.append(note.outcome, style=COLOURS[note.outcome])
    line.append(f" {before} -> {after}" if note.is_changed else f" {after}")
    if note.at:
        line.append(f" [{visible(note.by) or 'a person'}, {visible(note.at)}]")
    if note.authored:
        line.append(" [answer authored by hand]", style="magenta")
    if note.simulated:
        line.append(" [simulated answer: no model gave it]", style="magenta")
    for reason in filter(None, (*steps_before(note), note.detail, note.reasoning)):
        if reason not in said and note.reason != "off":
            line.append(f"\n    {visible(reason)}", style="dim")
        said.add(reason)
    return line


def steps_before(note: Correction) -> list[str]:
    """Say what was looked up, and what was looked at closer, before the answer."""
    steps = []
    if (search := note.look_up) is not None:
        found = search.fault or f"{len(note.facts)} facts"
        steps.append(f"looked up {search.words!r} with {search.by}: {found}")
    if note.looked_at is not None:
        steps.append(f"looked closer at {_value(note.looked_at, ())}")
    return steps


def _value(value: Span | Box | str | None, tokens: tuple[str, ...]) -> str:
    match value:
        case Span():
            return repr(visible(" ".join(tokens[value.start : value.stop])))
        case Box():
            return f"[{value.x1:.0f}, {value.y1:.0f}, {value.x2:.0f}, {value.y2:.0f}]"
        case None:
            return "not in the picture"
    return visible(value)
