"""One look into one file, at whatever depth: what was seen, and how far it may still go."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from maildaemon.domain.filenames import read_extensions
from maildaemon.domain.message import Finding
from maildaemon.mail.inside.budget import Budget

# Deeper than any archive that the operator can allow.
_DEEPEST = 11


@dataclass(slots=True)
class Notes:
    """What has been seen inside one file. The dicts are sets that keep their order."""

    findings: dict[Finding, None] = field(default_factory=dict)
    extensions: dict[str, None] = field(default_factory=dict)
    types: dict[str, None] = field(default_factory=dict)
    files: int = 0
    size: int = 0
    depth: int = 0

    def find(self, *findings: Finding) -> None:
        """Note what is odd."""
        self.findings.update(dict.fromkeys(findings))


@dataclass(frozen=True, slots=True)
class Look:
    """A file that is looked into: its `names`, and in how many files and archives it lies.

    `go_on` looks into one more file that was found in this one.
    """

    budget: Budget
    notes: Notes
    go_on: "Callable[[Look, bytes, bool], None]"
    names: tuple[str, ...] = ()
    level: int = 0
    archives: int = 0

    def find(self, *findings: Finding) -> None:
        """Note what is odd."""
        self.notes.find(*findings)

    def archive(self, files: int, size: int) -> "Look":
        """Note that this is an archive of so much; return the look at what is in it."""
        inner = replace(self, archives=self.archives + 1)
        self.notes.files += files
        self.notes.size += size
        self.notes.depth = max(self.notes.depth, inner.archives)
        return inner

    def name(self, names: Iterable[str]) -> None:
        """Note how a file in this one is called."""
        for name in names:
            self.notes.extensions.update(dict.fromkeys(read_extensions(name)))

    def file(self, names: tuple[str, ...], content: bytes, *, whole: bool = True) -> None:
        """Look at a file in this one; `whole` is false if this is only its beginning."""
        self.name(names)
        if self.level >= _DEEPEST or not self.budget.enter():
            self.find(Finding.UNFINISHED)
            return
        self.go_on(replace(self, names=names, level=self.level + 1), content, whole)
