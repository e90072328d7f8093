"""The mode: one word, or a block with a word for each section of a mail."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from maildaemon.domain.delivery import Section
from maildaemon.domain.policy import Mode
from maildaemon.settings.document import Block
from maildaemon.settings.options import Kind, WrongError, found, read_choice, suggestion


@dataclass(frozen=True, slots=True)
class Modes:
    """The mode of every mail, and of those with certain sections where it differs."""

    default: Mode
    sections: tuple[tuple[Section, Mode], ...] = ()

    def __str__(self) -> str:
        """Return `live`, or `live, refused_files: drafts`."""
        return ", ".join([self.default, *(f"{section}: {mode}" for section, mode in self.sections)])


_DEFAULT = "default"


def _read_modes(value: object) -> Modes:
    match value:
        case Modes():
            return value
        case Mode():
            return Modes(value)
        case Block():
            return _by_section(value)
        case list():
            raise ValueError(f"write one of {', '.join(Mode)}, not {found(value)}")
        case _:
            return Modes(_mode(value))


def _by_section(given: Block) -> Modes:
    known = [_DEFAULT, *Section]
    for name in given:
        if name not in known:
            raise WrongError(f"unknown section `{name}`{suggestion(name, known)}", name)
    if _DEFAULT not in given:
        raise ValueError("`default` is missing; it holds for the sections that are not named")
    modes = {name: _mode(word, name) for name, word in given.items()}
    return Modes(
        modes[_DEFAULT],
        tuple((section, modes[section]) for section in Section if section in modes),
    )


def _mode(value: object, *at: str) -> Mode:
    try:
        return read_choice(Mode, value)
    except ValueError as error:
        raise WrongError(str(error), *at) from error


def _write_modes(modes: Modes) -> object:
    if not modes.sections:
        return modes.default.value
    special = {section.value: mode.value for section, mode in modes.sections}
    return {_DEFAULT: modes.default.value, **special}


_WORD = {"enum": [mode.value for mode in Mode]}
_SCHEMA = {
    "anyOf": [
        _WORD,
        {
            "type": "object",
            "properties": dict.fromkeys((_DEFAULT, *(one.value for one in Section)), _WORD),
            "required": [_DEFAULT],
            "additionalProperties": False,
        },
    ]
}

ModeOption = Annotated[
    Modes,
    PlainValidator(_read_modes),
    PlainSerializer(_write_modes),
    WithJsonSchema(_SCHEMA),
    Kind("one of `shadow`, `drafts`, `live`, or a block by section"),
]
