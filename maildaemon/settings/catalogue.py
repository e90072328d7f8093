"""What the models say about each option, for error messages and for the generated pages."""

import typing
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from annotated_types import Ge, Le
from pydantic.fields import FieldInfo

from maildaemon.settings.document import Loc
from maildaemon.settings.models import Settings
from maildaemon.settings.options import Elsewhere, Kind, Section, Usual


@dataclass(frozen=True, slots=True)
class Option:
    """An option as the operator sees it.

    `default` is in the form in which it would be written, None if there is none.
    """

    name: str
    field: FieldInfo
    default: Any

    @property
    def required(self) -> bool:
        """Tell whether it must be given."""
        return self.field.is_required()

    @property
    def usual(self) -> bool:
        """Tell whether most people need it."""
        return self.required or any(isinstance(part, Usual) for part in _parts(self.field))

    @property
    def description(self) -> str:
        """Return what it is for."""
        return self.field.description or ""

    @property
    def absent(self) -> bool:
        """Tell whether there is nothing here unless somebody writes it."""
        return not self.usual and self.default in (None, [])

    @property
    def elsewhere(self) -> bool:
        """Tell whether what stands beneath it is explained in another place."""
        return any(isinstance(part, Elsewhere) for part in _parts(self.field))

    @property
    def sections(self) -> tuple[type[Section] | None, bool]:
        """Return the section that stands beneath it, if any, and whether it is a list of them."""
        parts = [*_parts(self.field)]
        inner = next((part for part in parts if _is_section(part)), None)
        return inner, tuple in parts

    @property
    def example(self) -> Any:
        """Return what could be written here."""
        if self.default not in (None, []):
            return self.default
        return (self.field.examples or [""])[0]

    @property
    def word(self) -> str:
        """Return the type in the operator's words."""
        parts = [*_parts(self.field)]
        choice = next((part for part in parts if _is_choice(part)), None)
        kind = "block of options" if self.elsewhere else _kind(self.field).word
        word = f"one of {', '.join(f'`{one}`' for one in choice)}" if choice else kind
        return f"list: {word}" if tuple in parts else word

    @property
    def limits(self) -> str:
        """Return `from 1 to 20`, `at least 1` or `at most 20`; empty if there is no limit."""
        show, metadata = _kind(self.field).show, self.field.metadata
        low = next((show(limit.ge) for limit in metadata if isinstance(limit, Ge)), "")
        high = next((show(limit.le) for limit in metadata if isinstance(limit, Le)), "")
        if low and high:
            return f"from {low} to {high}"
        return f"at least {low}" if low else f"at most {high}" if high else ""


def options_of(section: type[Section]) -> Iterator[Option]:
    """Yield the options of a section in the order in which they are declared."""
    defaults = section.model_construct().model_dump(mode="json", warnings=False)
    for name, field in fields_of(section).items():
        yield Option(name, field, defaults.get(name))


def fields_of(section: type[Section]) -> dict[str, FieldInfo]:
    """Return the fields of a section by the names that stand in the file."""
    return {field.alias or name: field for name, field in section.model_fields.items()}


def section_at(loc: Loc) -> type[Section]:
    """Return the section that a path leads to, or the nearest one above it."""
    section: type[Section] = Settings
    for piece in loc:
        field = fields_of(section).get(str(piece))
        inner = next((part for part in _parts(field) if _is_section(part)), None) if field else None
        section = inner or section
    return section


def option_at(loc: Loc) -> Option | None:
    """Return the option that a path leads to, None if there is no such option."""
    options = options_of(section_at(loc[:-1]))
    return next((option for option in options if option.name == loc[-1]), None)


def _parts(field: FieldInfo) -> Iterator[Any]:
    """Yield everything a type is made of: `list[Annotated[str, Kind]]` has three parts."""
    yield from field.metadata
    waiting = [field.annotation]
    while waiting:
        part = waiting.pop()
        yield typing.get_origin(part) or part
        yield from getattr(part, "__metadata__", ())
        waiting.extend(typing.get_args(part))


def _kind(field: FieldInfo) -> Kind:
    return next((part for part in _parts(field) if isinstance(part, Kind)), Kind("text"))


def _is_section(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, Section)


def _is_choice(part: Any) -> bool:
    return isinstance(part, type) and issubclass(part, StrEnum)
