"""Writes the morning's mail to staff: plain text, and the same for a phone's mail app.

Everything in it may have been written by a stranger. It is cleaned, escaped, and set apart from
the words around it (`bdi`), so that a subject written from right to left turns nothing else round.
"""

from collections.abc import Iterator
from html import escape

from maildaemon.domain.delivery import Draft
from maildaemon.domain.digest import Digest, Entry, Part
from maildaemon.mail.compose import compose_mail
from maildaemon.mail.wording import clean

_LONGEST = 240
_HEAD = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<title>{title}</title>
</head>
<body>
<div style="max-width: 38em; padding: 0.5em; font-family: sans-serif; font-size: 16px; line-height: 1.5; overflow-wrap: anywhere">
"""  # noqa: E501 - one line of HTML
_FOOT = (
    "<p>Written by maildaemon each morning. If it does not come, look at `maildaemon status`: "
    "nothing else may go, either.</p>"
)


def compose_digest(draft: Draft, digest: Digest) -> bytes:
    """Return the mail, lines ended by CRLF. Raises ValueError if it is not what was meant."""
    text, html = "\n".join(_as_text(digest)), "\n".join(_as_html(digest))
    return compose_mail(draft, clean(digest.subject, _LONGEST), text, html)


def _as_text(digest: Digest) -> Iterator[str]:
    yield digest.title
    yield ""
    yield from map(_clean, digest.summary)
    for part in digest.parts:
        yield ""
        yield ""
        yield _heading(part).upper()
        for entry in part.entries:
            yield ""
            yield f"* {_clean(entry.title)}"
            yield from (f"  {_clean(line)}" for line in entry.lines)
        if part.more:
            yield ""
            yield f"* {_more(part)}"
        if part.advice:
            yield ""
            yield part.advice
    yield ""
    yield "-- "
    yield _FOOT.removeprefix("<p>").removesuffix("</p>")


def _as_html(digest: Digest) -> Iterator[str]:
    yield _HEAD.format(title=_safe(digest.title))
    yield f'<h1 style="font-size: 1.3em">{_safe(digest.title)}</h1>'
    yield from (f"<p>{_safe(line)}</p>" for line in digest.summary)
    for part in digest.parts:
        yield f'<h2 style="font-size: 1.1em; margin: 1.5em 0 0.5em">{_safe(_heading(part))}</h2>'
        yield '<ul style="margin: 0; padding-left: 1.2em">'
        yield from map(_item, part.entries)
        if part.more:
            yield f"<li>{_safe(_more(part))}</li>"
        yield "</ul>"
        if part.advice:
            yield f"<p>{_safe(part.advice)}</p>"
    yield f"{_FOOT}</div></body></html>"


def _item(entry: Entry) -> str:
    title = f"<strong><bdi>{_safe(entry.title)}</bdi></strong>"
    if entry.link:
        # Tall enough for a thumb.
        title = f'<a href="{escape(entry.link)}" style="line-height: 2">{title}</a>'
    lines = "".join(f"<br><bdi>{_safe(line)}</bdi>" for line in entry.lines)
    return f'<li style="margin: 0 0 0.8em">{title}{lines}</li>'


def _heading(part: Part) -> str:
    return f"{part.heading} ({len(part.entries) + part.more})"


def _more(part: Part) -> str:
    return f"and {part.more} more"


def _safe(text: str) -> str:
    return escape(_clean(text))


def _clean(text: str) -> str:
    return clean(text, _LONGEST)
