"""Words and regular expressions that are looked for in mails."""

import re
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from maildaemon.settings.options import Kind, read_text

_SCHEMA = WithJsonSchema(
    {"type": ["string", "number"], "examples": ["broken", "/arrived .* pieces/"]}
)


def _read_words(value: object) -> str:
    text = read_text(value)
    if len(text) > 1 and text[0] == text[-1] == "/":
        _compiled(text[1:-1], text)
    elif not text.strip("/"):
        raise ValueError("nothing is given here; write a word, or a `/regular expression/`")
    return text


def _read_expression(value: object) -> str:
    text = read_text(value)
    if _compiled(text, text).groups > 1:
        raise ValueError(
            f"`{text}` has several groups; put round brackets around the number alone, and write "
            "`(?:…)` for the others"
        )
    return text


def _compiled(expression: str, shown: str) -> re.Pattern[str]:
    try:
        compiled = re.compile(expression, re.IGNORECASE)
    except re.error as error:
        raise ValueError(f"`{shown}` is no regular expression: {error}") from error
    if compiled.search("") is not None:
        raise ValueError(f"`{shown}` is found in every text, even an empty one; ask for more")
    return compiled


Words = Annotated[
    str, BeforeValidator(_read_words), _SCHEMA, Kind("words, or a `/regular expression/`")
]
Expression = Annotated[str, BeforeValidator(_read_expression), _SCHEMA, Kind("regular expression")]
