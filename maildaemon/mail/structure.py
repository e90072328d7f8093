"""Which parts are the text, and which are files.

Every leaf that is not text to be read is a file, named or not, whatever it claims: a file that
a rule does not see is a file that no rule can refuse.
"""

import re
from dataclasses import dataclass

from maildaemon.mail.transfer import decode_transfer
from maildaemon.mail.tree import Part, Tree
from maildaemon.mail.types import is_disguised

PLAIN = "text/plain"
HTML = "text/html"

_SNIFFED = 8_192
_FIELDS = ("content-type", "content-transfer-encoding", "content-disposition")

# What stands before the first or after the last boundary is shown by nobody; a file put there is
# seen by some programs. The NUL begins the mark of a base64 body that was cut out.
_HIDDEN_FILE = re.compile(
    r"^(?:content-(?:type|transfer-encoding|disposition)[ \t]*:|begin [0-7]{3} |\x00[0-9a-f]+:)",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part without parts; `doubtful` if it or what it stands in can be read in two ways."""

    part: Part
    doubtful: bool


@dataclass(frozen=True, slots=True)
class Body:
    """A stretch of text, in one or two forms."""

    plain: tuple[Part, ...] = ()
    html: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Structure:
    """A message taken apart. `outside` is text around the parts in which a file may hide;
    `doubtful` if any part can be read in two ways.
    """

    bodies: tuple[Body, ...]
    files: tuple[Leaf, ...]
    outside: tuple[str, ...]
    doubtful: bool


def arrange(tree: Tree) -> Structure:
    """Return the bodies and the files of a message, each in order."""
    walk = _Walk(tree)
    bodies = walk.gather(tree.root, doubtful=False)
    if not bodies:
        # A text with a name but without a disposition is the body if there is no other.
        bodies = walk.named[:1]
    chosen = {id(part) for body in bodies for part in (*body.plain, *body.html)}
    files = tuple(leaf for leaf in walk.leaves if id(leaf.part) not in chosen)
    doubtful = any(leaf.doubtful for leaf in walk.leaves)
    # Better a calendar entry or an odd kind of text to read than nothing; it stays a file.
    bodies = bodies or walk.odd[:1]
    return Structure(tuple(bodies), files, tuple(walk.outside), doubtful)


class _Walk:
    """Collects on the way through the tree."""

    def __init__(self, tree: Tree) -> None:
        self.leaves: list[Leaf] = []
        self.named: list[Body] = []
        self.odd: list[Body] = []
        self.outside: list[str] = []
        self._tree = tree

    def gather(self, part: Part, *, doubtful: bool) -> list[Body]:
        """Return the bodies under a part; note its leaves."""
        doubtful = doubtful or is_doubtful(part)
        if not part.children:
            return self._gather_leaf(Leaf(part, doubtful))
        around = (part.preamble or "", part.epilogue or "")
        self.outside.extend(text for text in around if _HIDDEN_FILE.search(text))
        found = [self.gather(child, doubtful=doubtful) for child in part.children]
        media_type = part.media_type
        if media_type == "multipart/report":
            # RFC 6522 §3: the first part is for people, the others are for programs.
            return found[0] or [Body(plain=(part.children[0],))]
        bodies = [body for below in found for body in below]
        if media_type == "multipart/alternative" and bodies:
            plain = tuple(leaf for body in bodies for leaf in body.plain)
            return [Body(plain, tuple(leaf for body in bodies for leaf in body.html))]
        return bodies

    def _gather_leaf(self, leaf: Leaf) -> list[Body]:
        self.leaves.append(leaf)
        body = self._as_body(leaf.part)
        if body is None:
            return []
        content_type = leaf.part.structured("content-type")
        if content_type.all("name") or leaf.part.structured("content-disposition").all("filename"):
            self.named.append(body)
            return []
        return [body]

    def _as_body(self, part: Part) -> Body | None:
        media_type = part.media_type
        # RFC 2183 §2.8: a disposition that nobody knows is an attachment. A message that is
        # nothing but one text without a name is read, whatever it says.
        disposition = part.structured("content-disposition")
        alone = part.depth == 0 and not disposition.all("filename")
        shown = alone or disposition.value in ("", "inline")
        if not shown or is_disguised(self._start_of(part)):
            return None
        if media_type == HTML:
            return Body(html=(part,))
        # A multipart without parts (its boundary is nowhere) is still to be read.
        if media_type.startswith((PLAIN, "multipart/")):
            return Body(plain=(part,))
        if media_type.startswith("text/"):
            self.odd.append(Body(plain=(part,)))
        return None

    def _start_of(self, part: Part) -> bytes:
        encoding = transfer_encoding(part)
        if encoding == "base64":
            return decode_transfer(self._tree.raw(part)[:_SNIFFED], encoding)[0]
        return self._tree.restore(part.content[:_SNIFFED])


def transfer_encoding(part: Part) -> str:
    """Return the name of a part's transfer encoding; empty if it states none."""
    return part.structured("content-transfer-encoding").value


def is_doubtful(part: Part) -> bool:
    """Tell whether two programs may understand the fields of a part differently."""
    content_type = part.structured("content-type")
    return (
        part.ambiguous
        or (content_type.media_type is None and part.count("content-type") > 0)
        or any(part.count(name) > 1 for name in _FIELDS)
        or any(part.structured(name).ambiguous for name in ("content-type", "content-disposition"))
    )
