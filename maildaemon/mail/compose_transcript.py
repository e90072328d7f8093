"""Writes a conversation as a draft to its customer; a person looks at it, and sends it or not."""

from html import escape

from maildaemon.domain.delivery import Draft
from maildaemon.domain.transcript import Worded
from maildaemon.mail.compose import clean_header, compose_mail, echo_subject
from maildaemon.mail.wording import clean

_LONGEST = 500_000


def compose_transcript(draft: Draft, worded: Worded) -> bytes:
    """Return the mail, lines ended by CRLF. Raises ValueError if it is not what was meant."""
    subject = echo_subject(draft.subject or "") or clean_header(draft.reference)
    said = tuple((head, plain_text(text)) for head, text in worded.said)
    shop = clean_header(draft.sender.name) or draft.sender.address
    text = Worded(worded.language, worded.opening, said, f"{worded.goodbye}\n{shop}").as_text()
    return compose_mail(draft, subject, text, _page(worded, said, subject, shop))


def _page(worded: Worded, said: tuple[tuple[str, str], ...], subject: str, shop: str) -> str:
    pieces = [f"<p>{escape(line)}</p>" for line in worded.opening]
    for head, text in said:
        lines = escape(text).replace("\n", "<br>\n")
        pieces.append(f'<h2 style="font-size: 1.1em">{escape(head)}</h2>')
        pieces.append(f'<p dir="auto">{lines}</p>')
    body = "\n".join(pieces)
    return f"""<!DOCTYPE html>
<html lang="{escape(worded.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(subject)}</title>
</head>
<body>
<div style="max-width: 38em; padding: 1em; font-family: sans-serif; line-height: 1.5">
{body}
<p>{escape(worded.goodbye)}<br>{escape(shop)}</p>
</div>
</body>
</html>
"""


def plain_text(text: str) -> str:
    """Return a text of several lines without control, invisible and directional characters."""
    return "\n".join(clean(line, _LONGEST) for line in text.splitlines()).strip()
