"""What a reader of an HTML mail sees of it, as far as its markup tells."""

import re
from collections.abc import Mapping

Attributes = Mapping[str, str | None]

_MAX_STYLE = 1_000

_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|mso-hide\s*:\s*all"
    r"|(?:max-height|max-width|opacity)\s*:\s*0(?![.\d])"
)
_SIZE = re.compile(
    r"font-size\s*:\s*([\d.]+|[a-z-]+)|(?:^|;)\s*font\s*:[^;]{0,60}?([\d.]+)(?:px|pt|em|%)"
)
_KEPT_AS_WRITTEN = re.compile(r"white-space\s*:\s*(?:pre|break-spaces)")

# What is put in front of a newsletter to be seen in the list of mails only.
_FOR_THE_LIST = frozenset("preheader preview-text previewtext mcnpreviewtext preheadertext".split())

# Characters without width. Joiners mean something between two letters or pictures, nothing else.
FILLERS = re.compile(
    "[\u00ad\u034f\u061c\u180e\u200b\u200e\u200f\u2060-\u2064\ufeff\ufdd0-\ufdd3]"
    "|(?:^|(?<=[\\s\u00a0]))[\u200c\u200d]+|[\u200c\u200d]+(?=[\\s\u00a0\u200b-\u200d\u034f]|$)"
)


def is_hidden(attributes: Attributes) -> bool:
    """Tell whether an element and all in it is not shown."""
    if not attributes:
        return False
    if "hidden" in attributes or _HIDDEN.search(style_of(attributes)):
        return True
    names = attributes.get("class")
    return bool(names) and not _FOR_THE_LIST.isdisjoint((names or "").lower().split())


def style_of(attributes: Attributes) -> str:
    """Return the style of an element in lower case; empty if it has none."""
    return (attributes.get("style") or "")[:_MAX_STYLE].lower()


def is_too_small(style: str) -> bool | None:
    """Tell whether letters have no size here; None if nothing is said, and it is as around."""
    if "font" not in style:
        return None
    sizes = [found[1] or found[2] for found in _SIZE.finditer(style)]
    return not sizes[-1].strip("0.") if sizes else None


def keeps_line_ends(style: str) -> bool:
    """Tell whether line ends and spaces are shown as they were written."""
    return "white-space" in style and _KEPT_AS_WRITTEN.search(style) is not None
