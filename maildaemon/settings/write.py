"""Writes values as YAML that the strict reader understands."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

_WIDTH = 96
# Begins harmlessly, and has no `: `, no ` #`, no bracket, no comma.
_PLAIN = re.compile(r"[\w/.+](?:[\w/.@+*=-]|:(?=\S))*(?: [\w/.@+*=-]+)*")


def flow(value: object) -> str:
    """Return a value in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return quoted(str(value))


def quoted(text: str) -> str:
    """Return the text, in quotes if YAML would read it as something else."""
    if _PLAIN.fullmatch(text) and text not in ("null", "~"):
        return text
    # So a regular expression stays what it is.
    if "\\" in text and "'" not in text and text.isprintable():
        return f"'{text}'"
    escaped = (
        c if c.isprintable() else f"\\U{ord(c):08x}" for c in json.dumps(text, ensure_ascii=False)
    )
    return "".join(escaped)


def entry(name: str, value: object, indent: int) -> list[str]:
    """Return the lines of `name: value`, long lists wrapped."""
    line = f"{' ' * indent}{name}: "
    if not isinstance(value, list | tuple) or not value:
        return [line + flow(value)]
    lines, line = [], line + "["
    for item in value:
        if len(line) + len(flow(item)) > _WIDTH:
            lines.append(line.rstrip())
            line = " " * (indent + 2)
        line += flow(item) + ", "
    return [*lines, line.removesuffix(", ") + "]"]


def block(values: Mapping[str, object], indent: int = 0) -> Iterator[str]:
    """Yield the lines of a block of options; what is None is left out."""
    for name, value in values.items():
        if isinstance(value, Mapping) and len(value) > 1:
            yield f"{' ' * indent}{name}:"
            yield from block(value, indent + 2)
        elif isinstance(value, Sequence) and value and isinstance(value[0], Mapping):
            yield f"{' ' * indent}{name}:"
            for item in value:
                yield from as_item(list(block(item, indent + 4)))
        elif value is not None:
            yield from entry(name, value, indent)


def as_item(lines: list[str]) -> list[str]:
    """Turn the lines of a block into an item of a list: its first option gets the dash."""
    first = next(at for at, line in enumerate(lines) if not line.lstrip().startswith("#"))
    spaces = len(lines[first]) - len(lines[first].lstrip())
    lines[first] = " " * (spaces - 2) + "- " + lines[first].lstrip()
    return lines
