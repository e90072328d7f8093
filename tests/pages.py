"""The pages for people: README.md and docs/*.md, and what stands in them to be written and typed."""

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))

_FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_LINK = re.compile(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)")
_CODE = re.compile(r"`(maildaemon(?:\s[^`]*)?)`")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: `kind` as it is named (`yaml`, `sh`, …), empty for what a program prints.
    `heading` is that of the section in which it stands.
    """

    kind: str
    text: str
    heading: str

    @property
    def commands(self) -> tuple[str, ...]:
        """Return each line that is typed, joined where it is continued, without comments."""
        lines = self.text.replace("\\\n", "").splitlines()
        bare = (re.sub(r"(^| +)# .*$", "", line).strip() for line in lines)
        return tuple(re.sub(r" {2,}", " ", line) for line in bare if line)


def blocks_of(page: Path) -> tuple[Block, ...]:
    """Return the fenced blocks of a page in their order."""
    text = page.read_text("utf-8")
    found = []
    for block in _FENCED.finditer(text):
        # A comment in a block of commands looks like a heading; none stands at the beginning.
        above = _HEADING.findall(_FENCED.sub("", text[: block.start()]))
        found.append(Block(block[2], textwrap.dedent(block[3]), above[-1] if above else ""))
    return tuple(found)


def unfenced(page: Path) -> str:
    """Return what stands outside of the fenced blocks."""
    return _FENCED.sub("", page.read_text("utf-8"))


def named_commands(page: Path) -> tuple[str, ...]:
    """Return each `maildaemon …` that a sentence or a table names."""
    return tuple(" ".join(one.split()) for one in _CODE.findall(unfenced(page)))


def links_of(page: Path) -> tuple[tuple[str, str], ...]:
    """Return each link to another file of ours, or to a place in one: (path, anchor)."""
    return tuple(_LINK.findall(unfenced(page)))


def anchors_of(page: Path) -> frozenset[str]:
    """Return the names of the headings of a page, as links are made of them."""
    plain = (re.sub(r"[^\w\- ]", "", one.lower()) for one in _HEADING.findall(unfenced(page)))
    return frozenset(one.replace(" ", "-") for one in plain)
