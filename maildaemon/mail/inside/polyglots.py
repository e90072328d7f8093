"""Files that are two things at once: what one program shows as a picture, another one runs."""

import re

from maildaemon.domain.message import Finding
from maildaemon.mail.inside.archives import look_into_zip
from maildaemon.mail.inside.look import Look
from maildaemon.mail.inside.zips import has_directory

_SAMPLE = 64 * 1024
_RUN = re.compile(rb"<script[\s>]|<html[\s>]|<\?php|<svg[\s>]|<iframe[\s>]|<hta:", re.IGNORECASE)
# A comment of JavaScript that makes the rest of a picture harmless to it.
_COMMENTED = (b"GIF89a/*", b"GIF87a/*", b"GIF89a=", b"GIF87a=")
_BEFORE_PDF = (b"<", b"/*", b"#!", b"<!--")


def look_for_more(look: Look, content: bytes, media_type: str) -> None:
    """Note what else a picture, a film or a PDF could be taken for."""
    if has_directory(content):
        look.find(Finding.AMBIGUOUS)
        look_into_zip(look, content)
    if media_type == "application/pdf":
        head = content[: content.find(b"%PDF-") + 1024]
        before = content[: max(0, content.find(b"%PDF-"))]
        if _RUN.search(head) or before.lstrip().startswith(_BEFORE_PDF):
            look.find(Finding.AMBIGUOUS)
    elif (
        content.startswith(_COMMENTED)
        or _RUN.search(content[:_SAMPLE] + content[-_SAMPLE:])
        or b"%PDF-" in content[:1024]
    ):
        look.find(Finding.AMBIGUOUS)
