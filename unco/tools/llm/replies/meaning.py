"""What an error means, by its words: whether it is about the account, a crowd, the content or the picture.

Servers use statuses as they like: a missing key is a 400, an empty account a 429, a throttled call a 400, and a picture
that a model cannot take a 500. Looked at are the words and the names for programs, see `words_of`.
"""

import re
from collections.abc import Mapping


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), re.IGNORECASE)


_MONEY = _any(
    r"insufficient.{0,6}(quota|balance|credit|fund)",
    r"exceeded_current_quota",
    r"(?<!load )(balance|credits?)\b.{0,20}(insufficient|too low)",
    r"overdue.?(error|balance|payment|bill|amount)|(balance|payment|bill|account).{0,20}overdue",
    r"arrear|good standing|account.{0,60}suspended",
    r"(monthly|used all).{0,30}(credits|spending limit)|billing.?(hard.?)?limit",
    r"余额不足|欠费|额度(不足|已用)",
)
"""Source: error codes of OpenAI, Anthropic, MiniMax, Moonshot, DashScope, Zhipu, Volcengine, SiliconFlow, Fireworks."""

_KEY = _any(
    r"\b(api|access|subscription|secret)[ _-]?key",
    r"authori[sz]ation header|bearer token|unauthori[sz]ed|authentication",
    r"无效的(令牌|密钥)|密钥.{0,6}(无效|过期|不存在)",
)

_CREDENTIAL = _any(r"\b(token|credential|password)")
"""Besides `_KEY`: words beside which a refusal may write a part of a key."""

_CROWD = _any(r"throttl|rate.?limit|too.?many.?requests|concurrency|速率限制|请求.{0,4}(频繁|限频)")

_CONTENT = _any(
    r"too (large|long|big|many|small)|context.?(length|window)|available context|not (be )?found|not exist|no such",
    r"policy|policies|safety|inspection|(fetch|download|load|process).{0,20}(image|picture)",
)
"""Words of a refusal that another form of the request would meet as well; a server that breaks down has them, too."""

_REFUSED_CONTENT = _any(
    r"moderat|guardrail|inappropriate|sensitive|unsafe|high risk|prohibited|data.?inspection",
    r"content.?(filter|violat|polic)|usage polic|敏感|不安全|违规|不合规",
    r"(invalid|broken|unreadable|decode).{0,20}(image|picture)",
    r"(image|picture).{0,60}(exceed|larger|smaller|dimension|resolution|restriction)",
)
"""Words of filters, and about pictures that are no good."""

_NOT_YET = " (yet|ready|loaded|currently|available|responding)"
_MODEL = _any(
    r"(invalid|unknown|unsupported).?model|model.?not.?(found|supported|exist)|model_not_available|not a valid model",
    rf"(requested |the )model \S{{1,80}} (is|was|has been) (not\b(?!{_NOT_YET})|deprecated|decommissioned|retired)",
    r"model_?deprecated",
    r"model identifier is invalid|模型不存在",
)

_NO_PICTURE = _any(
    r"(image|picture|vision|multi.?modal).{0,20}(not|n.t) (be )?(support|enabled|accept)",
    r"support.{0,12} (image|vision) input",
    r"(not|n.t) (a )?(support|multi.?modal|vision).{0,30}(image|picture|model)|unknown variant .?(image|input)_",
    r"at most 0 image|data required for image|content.{0,20} must be a string|image_url is only supported",
)
"""The model or the server takes no pictures. Source: llama.cpp, vLLM, Ollama, DeepSeek, Groq, OpenRouter, OpenAI."""

_ADDRESS = _any(
    r"unexpected endpoint|invalid url|cannot post|(no|unknown) (such )?(url|path|route|endpoint)|route not found"
)
"""Source: LM Studio, which answers with 200; OpenAI; Express; gateways."""

_TOO_LONG = _any(r"context.?(length|window|size)|available context|maximum.{0,20}context")

_OVER_CONTEXT = _any(r"(exceeds?\b|longer than|maximum).{0,40}context", r"context.{0,30}exceed")
"""The question itself is too long; other words about the context may tell of the server's memory."""

_LIMIT_TOO_HIGH = _any(
    r"max_?(completion_?|output_?|new_?)?tokens.{0,60}(too large|at most|range|less than|exceed|<=)",
    r"range of max_tokens|at most \d+ (completion|output) tokens|maximum tokens.{0,40}exceed",
)
"""Source: OpenAI, DeepSeek, DashScope, TGI, Bedrock."""


_FIELDS: Mapping[str, re.Pattern[str]] = {
    "answer_format": re.compile(
        r"response.?format|json.?(schema|object|mode|validate)|structured|grammar|guided", re.I
    ),
    "temperature": re.compile(r"temperature|sampling", re.I),
    "limit_field": re.compile(r"max.?(completion.?|output.?|new.?)?tokens", re.I),
    "system": re.compile(r"\bsystem\b|\broles?\b|alternate|developer instruction", re.I),
    "picture_last": re.compile(r"(image|picture).{0,40}\b(first|before|start|begin|order)", re.I),
    "token_probabilities": re.compile(r"log.?prob", re.I),
}
"""Words that name a field of the form of a request, see `Shape`."""


def is_about_account(status: int, words: str) -> bool:
    """Tell whether an error is about money or a key; a server that broke down may speak of keys for other reasons."""
    return bool(_MONEY.search(words)) or is_about_key(status, words)


def is_about_key(status: int, words: str) -> bool:
    """Tell whether a refusal is about a key, and not about how often it was used."""
    return 400 <= status < 404 and bool(_KEY.search(words)) and not _CROWD.search(words)


def may_quote_key(status: int, words: str) -> bool:
    """Tell whether the words of a refusal may hold a part of a key."""
    return 400 <= status < 404 and bool(_KEY.search(words) or (status == 403 and _CREDENTIAL.search(words)))


def is_crowded(status: int, words: str) -> bool:
    """Tell whether an error of a status that mostly lasts says that there are too many requests."""
    return status in (400, 403) and bool(_CROWD.search(words)) and not _MONEY.search(words)


def is_about_content(words: str) -> bool:
    """Tell whether an error is about what was asked, or of which model, so that another form would not help."""
    return any(pattern.search(words) for pattern in (_CONTENT, _REFUSED_CONTENT, _MODEL, _NO_PICTURE))


def lasts(words: str) -> bool:
    """Tell whether an error lasts though its status, 500, says that it passes."""
    return bool(_NO_PICTURE.search(words) or _OVER_CONTEXT.search(words))


def is_too_long(words: str) -> bool:
    """Tell whether the limit of the answer is more than the model's own, or does not fit behind the question."""
    return bool(_TOO_LONG.search(words) or _LIMIT_TOO_HIGH.search(words))


def status_by_words(words: str) -> int | None:
    """Return the status that an error's words stand for; None = they tell nothing sure, so that it may pass."""
    meanings = {402: _MONEY, 429: _CROWD, 401: _KEY, 404: _ADDRESS, 400: _REFUSED_CONTENT}
    found = (status for status, pattern in meanings.items() if pattern.search(words))
    return next(found, 400 if lasts(words) or _MODEL.search(words) else None)


def named_fields(words: str) -> list[str]:
    """Return the fields of the form of a request that an error names, in the order in which they are changed."""
    return [field for field, pattern in _FIELDS.items() if pattern.search(words)]
