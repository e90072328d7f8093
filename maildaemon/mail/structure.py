"""Which parts are the text, and which are files.

Every leaf that is not text to be read is a file, named or not, whatever it claims: a file that
a rule does not see is a file that no rule can refuse.
"""

import re
from dataclasses import dataclass

from maildaemon.mail.smime import SMIME_TYPES, signed_content
from maildaemon.mail.transfer import decode_transfer
from maildaemon.mail.tree import Part, Tree, transfer_encoding
from maildaemon.mail.types import is_disguised

PLAIN = "text/plain"
HTML = "text/html"

_SNIFFED = 8_192
_MAX_UNWRAPPED = 3
_FIELDS = ("content-type", "content-transfer-encoding", "content-disposition")

# Other forms of the text beside it, which hardly any program shows.
_OTHER_FORMS = frozenset(
    "text/enriched text/richtext text/x-amp-html text/watch-html text/x-watch-html".split()
)
_CONTROLS = bytes({*range(32)} - {9, 10, 12, 13, 27})
_FEW = 20
_CERTIFICATES = b"-----BEGIN"
_APPLE_DOUBLE = b"\x00\x05\x16\x07"
_PGP_CONTROL = re.compile(rb"\s{0,8}version\s{0,8}:\s{0,8}1\s{0,8}\Z", re.IGNORECASE)

# What stands before the first or after the last boundary is shown by nobody; a file put there is
# seen by some programs. The NUL begins the mark of a base64 body that was cut out.
_FIELD_OF_PART = r"content-(?:type|transfer-encoding|disposition)[ \t]*:"
_HIDDEN_FILE = re.compile(
    rf"^(?:{_FIELD_OF_PART}|begin [0-7]{{3}} |\x00[0-9a-f]+:)", re.IGNORECASE | re.MULTILINE
)
_HIDDEN_PART = re.compile(rf"^{_FIELD_OF_PART}", re.IGNORECASE | re.MULTILINE)

# Exchange names so the stretches of text between the photos of a mail from an iPhone.
_CUT_OUT = re.compile(r"ATT\d{5}\.html?", re.IGNORECASE)
_LONGEST_CUT = 20_000
# What a text does not do: run something, ask for something, lead to another place by itself.
_DOES_MORE = re.compile(
    rb"<\s*(?:script|form|input|iframe|frame|object|embed|applet|base|link|svg|math|template)\b"
    rb"|http-equiv\s*+=\s*+[\"']?+(?!content-)|[\s\"'/]on\w+\s*+=|srcdoc"
    rb"|(?:href|src)\s*+=\s*+[\"']?+\s*+(?!https?:|mailto:|tel:|cid:|#)|[\x00\x1b]",
    re.IGNORECASE,
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
    """A message taken apart. `spare` is what can be read if the bodies are empty; `outside` is
    text around the parts in which a file may hide; `doubtful` if any part can be read in two
    ways; `sealed` if it is encrypted for somebody else.
    """

    bodies: tuple[Body, ...]
    spare: tuple[Body, ...]
    files: tuple[Leaf, ...]
    outside: tuple[str, ...]
    doubtful: bool
    sealed: bool


def arrange(tree: Tree) -> Structure:
    """Return the bodies and the files of a message, each in order."""
    walk = _Walk(tree)
    bodies = walk.gather(tree.root, doubtful=False)
    if not bodies:
        # A text with a name but without a disposition is the body if there is no other.
        bodies = walk.named[:1]
    chosen = {id(part) for body in bodies for part in (*body.plain, *body.html)}
    return Structure(
        bodies=tuple(bodies),
        # Better a calendar entry or an odd kind of text to read than nothing; it stays a file.
        spare=tuple(walk.odd[:1]),
        files=tuple(leaf for leaf in walk.leaves if id(leaf.part) not in chosen),
        outside=tuple(walk.outside),
        doubtful=any(leaf.doubtful for leaf in walk.leaves),
        sealed=walk.sealed,
    )


class _Walk:
    """Collects on the way through the tree."""

    def __init__(self, tree: Tree) -> None:
        self.leaves: list[Leaf] = []
        self.named: list[Body] = []
        self.odd: list[Body] = []
        self.outside: list[str] = []
        self.sealed = False
        self._unwrapped = 0
        self._tree = tree

    def gather(self, part: Part, *, doubtful: bool, within: str = "") -> list[Body]:
        """Return the bodies under a part; note its leaves. `within` is the type around it."""
        doubtful = doubtful or is_doubtful(part)
        if part.media_type in SMIME_TYPES and not part.children:
            self._unwrap(part)
        self.sealed = self.sealed or part.media_type == "multipart/encrypted"
        if not part.children:
            return self._gather_leaf(Leaf(part, doubtful), within)
        around = (part.preamble or "", part.epilogue or "")
        self.outside.extend(text for text in around if _HIDDEN_FILE.search(text))
        media_type = part.media_type
        found = [
            self.gather(child, doubtful=doubtful, within=media_type) for child in part.children
        ]
        if media_type == "multipart/report":
            # RFC 6522 §3: the first part is for people, the others are for programs.
            return found[0] or [Body(plain=(part.children[0],))]
        bodies = [body for below in found for body in below]
        if media_type == "multipart/alternative" and bodies:
            plain = tuple(leaf for body in bodies for leaf in body.plain)
            return [Body(plain, tuple(leaf for body in bodies for leaf in body.html))]
        return bodies

    def _unwrap(self, part: Part) -> None:
        """Put what is signed as a whole in the place of its wrapper; note what is sealed."""
        content, _ = self._tree.decoded(part)
        inner = signed_content(content) if self._unwrapped < _MAX_UNWRAPPED else None
        if inner is not None:
            self._unwrapped += 1
            self._tree.graft(part, inner)
        elif not content.startswith(_CERTIFICATES):
            kind = (part.structured("content-type").first("smime-type") or "").lower()
            self.sealed = self.sealed or kind in ("", "enveloped-data", "authenveloped-data")

    def _gather_leaf(self, leaf: Leaf, within: str) -> list[Body]:
        part = leaf.part
        content_type = part.structured("content-type")
        named = bool(
            content_type.all("name") or part.structured("content-disposition").all("filename")
        )
        if self._is_left_out(part, within, named=named):
            return []
        self.leaves.append(leaf)
        if part.ambiguous and _HIDDEN_PART.search(part.content):
            self.outside.append(part.content)  # text for us, a file for some readers
        if self._is_cut_out(part):
            return [Body(html=(part,))]
        body = self._as_body(part, named=named)
        if body is None or not named:
            return [body] if body else []
        self.named.append(body)
        return []

    def _is_left_out(self, part: Part, within: str, *, named: bool) -> bool:
        """Tell whether a part belongs to another one, and is no file to anybody."""
        media_type = part.media_type
        if within == "multipart/alternative" and media_type in _OTHER_FORMS and not named:
            if is_disguised(self._start_of(part)):
                return False
            self.odd.append(Body(html=(part,)))
            return True
        if within == "multipart/appledouble" and media_type == "application/applefile":
            return self._start_of(part).startswith(_APPLE_DOUBLE)
        if within == "multipart/encrypted" and media_type == "application/pgp-encrypted":
            return _PGP_CONTROL.match(self._start_of(part)) is not None
        return False

    def _is_cut_out(self, part: Part) -> bool:
        """Tell whether a part is a piece of the text that a mail server has made a file of."""
        names = (
            *part.structured("content-disposition").all("filename"),
            *part.structured("content-type").all("name"),
        )
        if part.media_type != HTML or not names or is_doubtful(part):
            return False
        if not all(_CUT_OUT.fullmatch(name) for name in names):
            return False
        page, _ = self._tree.decoded(part)
        return len(page) <= _LONGEST_CUT and _DOES_MORE.search(page) is None

    def _as_body(self, part: Part, *, named: bool) -> Body | None:
        media_type = part.media_type
        # RFC 2183 §2.8: a disposition that nobody knows is an attachment. A message that is
        # nothing but one text without a name is read, whatever it says.
        disposition = part.structured("content-disposition")
        alone = part.depth == 0 and not disposition.all("filename")
        shown = alone or disposition.value in ("", "inline")
        start = self._start_of(part)
        if not shown or is_disguised(start) or (named and is_binary(start, charset_of(part))):
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
        raw = self._tree.raw(part)
        encoding = transfer_encoding(part)
        if encoding not in ("base64", "quoted-printable"):
            return raw[:_SNIFFED]
        if len(raw) <= _SNIFFED:
            return self._tree.decoded(part)[0]
        return decode_transfer(raw[:_SNIFFED], encoding)[0]


def charset_of(part: Part) -> str | None:
    """Return the charset that a part declares, None if it declares none."""
    return part.structured("content-type").first("charset")


def is_binary(start: bytes, charset: str | None) -> bool:
    """Tell whether what claims to be text can be none: control characters all over."""
    if (charset or "").lower().startswith(("utf-16", "utf-32")):
        return False
    controls = len(start) - len(start.translate(None, _CONTROLS))
    return controls * _FEW > len(start)


def is_doubtful(part: Part) -> bool:
    """Tell whether two programs may understand the fields of a part differently."""
    content_type = part.structured("content-type")
    return (
        part.ambiguous
        # RFC 2046 §5.2.2: a file in pieces, of which nobody sees the whole on its way.
        or part.media_type == "message/partial"
        or (content_type.media_type is None and part.count("content-type") > 0)
        or any(part.count(name) > 1 for name in _FIELDS)
        or any(part.structured(name).ambiguous for name in ("content-type", "content-disposition"))
    )
