"""Where a letter ends, and its signature, footers, notices and the last quote begin."""

from maildaemon.mail.header_blocks import is_rule
from maildaemon.mail.marks import unmarked
from maildaemon.mail.signatures import (
    MAX_LINES,
    begins_signature,
    continues_disclaimer,
    is_disclaimer,
    is_disclaimer_title,
    is_footer,
)

_ROUNDS = 6
_PARAGRAPHS = 12
_PARAGRAPH_LINES = 40
_MAX_LINE = 4_000
_LONG = 60
_DICTATED_LINES = 8
_GREETING_WORDS = 3


def end_of_letter(lines: list[str], bare: list[str], own: list[bool], quoted: list[bool]) -> int:
    """Return the index behind the last line that the customer wants to say."""
    end = _trimmed(bare, own, len(own))
    for _ in range(_ROUNDS):
        before = end
        end = _trimmed(bare, own, _without_footers(lines, bare, own, end))
        end = _trimmed(bare, own, _without_signature(bare, own, quoted, end))
        if end == before:
            break
    return end


def _trimmed(bare: list[str], own: list[bool], end: int) -> int:
    while end and (not own[end - 1] or is_rule(bare[end - 1])):
        end -= 1
    return end


def _without_footers(lines: list[str], bare: list[str], own: list[bool], end: int) -> int:
    """Return where footers and legal notices at the end begin; `end` if there are none."""
    found = end
    below = end
    for _ in range(_PARAGRAPHS):
        below = _trimmed(bare, own, below)
        above = _paragraph_start(bare, own, below)
        if above == below:
            break
        start = _footer_start(lines, bare, above, below)
        if start is not None:
            found = start
            if start > above:
                break
        elif not _may_continue(lines, bare, above, below, noticed=found < end):
            break
        below = above
    return found if any(own[:found]) else end


def _paragraph_start(bare: list[str], own: list[bool], end: int) -> int:
    start = end
    while start and own[start - 1] and not is_rule(bare[start - 1]):
        start -= 1
    return start


def _footer_start(lines: list[str], bare: list[str], above: int, below: int) -> int | None:
    """Return the line of a paragraph from which all of it is footer or notice."""
    first = max(above, below - _PARAGRAPH_LINES)
    for at in range(first, below):
        if is_disclaimer_title(bare[at]) or at == first or len(bare[at]) > _LONG:
            text = " ".join(unmarked(line[:_MAX_LINE]).strip() for line in lines[at:below])
            if is_disclaimer(text):
                return at
    start = below
    while start > first and is_footer(bare[start - 1]):
        start -= 1
    return start if start < below else None


def _may_continue(
    lines: list[str], bare: list[str], above: int, below: int, *, noticed: bool
) -> bool:
    """Tell whether this may belong to a notice of which more stands above or below."""
    if below - above == 1 and noticed and is_disclaimer_title(bare[above]):
        return True
    text = " ".join(unmarked(line[:_MAX_LINE]) for line in lines[above:below][:_PARAGRAPH_LINES])
    return continues_disclaimer(text)


def _without_signature(bare: list[str], own: list[bool], quoted: list[bool], end: int) -> int:
    """Return where the signature at the end begins; `end` if there is none."""
    for at in range(max(1, end - 2 * MAX_LINES), end):
        if not own[at] or not any(own[:at]) or any(quoted[at:end]):
            continue
        tail = [bare[i] for i in range(at + 1, end) if own[i]]
        if begins_signature(bare[at], tail) and not _is_dictated(bare, own, at):
            return at
    return end


def _is_dictated(bare: list[str], own: list[bool], at: int) -> bool:
    """Tell whether a closing formula ends what is to be engraved, or to stand on a card: it goes on
    below such words, behind "Please write on the card:" and an empty line.
    """
    above = _paragraph_start(bare, own, at)
    if not 0 < at - above <= _DICTATED_LINES:
        return False
    before = next((i for i in range(above - 1, -1, -1) if bare[i]), -1)
    if before < 0 or not own[before] or not bare[before].endswith((":", "：")):
        return False
    return len(bare[before].split()) > _GREETING_WORDS
