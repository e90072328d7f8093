"""A folder of corpora: mail that nobody here wrote, with what is known of it.

The folder brings its own `loaders.py`: `ALL` names the sets, each a function that yields
(case, raw message, what is expected of it); `norm` and `check_new_text` say how texts are compared.
"""

import importlib.util
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Expected = Mapping[str, Any]
Member = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Case:
    """One message; `members` are its messages in order of arrival if it is a conversation."""

    name: str
    raw: bytes
    expected: Expected

    @property
    def members(self) -> tuple[Member, ...]:
        return tuple(self.expected.get("messages", ()))


@dataclass(frozen=True, slots=True)
class Corpora:
    """The sets by name. `norm` makes texts comparable; `check_new_text` returns what is wrong with
    the new text of a reply.
    """

    sets: Mapping[str, Callable[[], Iterator[tuple[str, bytes, Expected]]]]
    norm: Callable[[str | None], str]
    check_new_text: Callable[[Expected, str], list[str]]

    def cases(self, name: str) -> Iterator[Case]:
        for case, raw, expected in self.sets[name]():
            yield Case(case, raw, expected)

    def messages(self, names: list[str]) -> Iterator[Member]:
        """Yield every single message, those of conversations by themselves."""
        for name in names:
            for case in self.cases(name):
                yield from case.members or ((case.name, case.raw),)


def load_corpora(folder: Path) -> Corpora:
    """Return the corpora of a folder; FileNotFoundError if it has no `loaders.py`."""
    path = folder / "loaders.py"
    if not path.exists():
        raise FileNotFoundError(f"{folder} has no loaders.py: it is no folder of corpora")
    spec = importlib.util.spec_from_file_location("corpora_loaders", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return Corpora(module.ALL, module.norm, module.check_new_text)
