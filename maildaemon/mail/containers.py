"""The elements in which mail programs put quotes, attributions and signatures in HTML."""

import re
from collections.abc import Mapping

from maildaemon.mail import marks

Attributes = Mapping[str, str | None]

_MAX_STYLE = 1_000
_MAX_NAMES = 500

# People indent with blockquotes as well; programs then leave the line at its side out.
_INDENT_ONLY = re.compile(r"border(?:-left)?\s*:\s*(?:none|0)|margin[^;]*40px[^;]*;\s*border:none")
_OUTLOOK_RULE = re.compile(
    r"border-top\s*:[^;]{0,40}(?:#e1e1e1|#b5c4df|rgb\(225|rgb\(181)"
    r"|border-style\s*:\s*solid none none|border-width\s*:\s*1pt medium medium"
)

_QUOTES = (
    *("yahoo_quoted", "protonmail_quote", "tutanota_quote", "zmail_extra", "messagereplysection"),
    *("mail-editor-reference-message-container", "ms-outlook-mobile-reference", "cloud-mail-quote"),
    *(
        "mail-quote-collapse",
        "mail-app-auto-quote",
        "spark_quote",
        "qmquote",
        "ntes-mailmaster-quote",
    ),
    *(
        "edo-original",
        "history_container",
        "gmail_quote_original",
        "moz-reply-quote",
        "replyforward",
    ),
)
_CITES = (
    "gmail_quote",
    "cite",
    "moz-email",
    "bq",
    "clean_bq",
    "wrappedquote",
    "iosymail",
    *_QUOTES,
)
_ATTRIBUTIONS = ("gmail_attr", "moz-cite-prefix", "reply-intro", "edo-meta", "bmessage-header")
_SIGNATURES = (
    *("gmail_signature", "moz-signature", "ms-outlook-mobile-signature", "protonmail_signature"),
    *("mail-app-auto-signature", "messagesignaturesection", "bloop_sign", "edo-signature"),
    *("k9mail-signature", "sh-signature", "zm_signature", "composer_signature", "fm_signature"),
    *(
        "tutanota_signature",
        "mb_sig",
        "ntes-mailmaster-signature",
        "zmail_signature",
        "rc-signature",
    ),
    *("_rc_sig", "ox-signature", "default-signature", "io-ox-signature", "mailspring-signature"),
)
_SIGNATURE_IDS = ("signature", "x_signature", "mail-signature", "email-signature", "user-signature")

# What follows the one of these that holds or precedes a header is old.
_OLD = (
    *("divrplyfwdmsg", "olk_src_body_section", "outlookmessageheader", "stopspelling"),
    *("replysplit", "mail-editor-reference-message-header"),
)
_RULES = ("appendonsend", "ms-outlook-mobile-body-separator-line")


def mark_of(attributes: Attributes) -> str:
    """Return what a mail program says of the text in this element; empty if nothing."""
    names = _names(attributes)
    if not names:
        return ""
    if any(name in names for name in _OLD):
        return marks.OLD
    if any(name in names for name in _ATTRIBUTIONS):
        return marks.ATTRIBUTION
    if any(name in names for name in _SIGNATURES) or (
        (attributes.get("id") or "").lower() in _SIGNATURE_IDS
    ):
        return marks.SIGNATURE
    return ""


def is_rule(attributes: Attributes) -> bool:
    """Tell whether a mail program draws a line here above what it quotes."""
    style = (attributes.get("style") or "")[:_MAX_STYLE].lower()
    if style and "border" in style and _OUTLOOK_RULE.search(style):
        return True
    names = _names(attributes)
    return any(name in names for name in _RULES)


def is_blockquote(attributes: Attributes) -> bool:
    """Tell whether a blockquote quotes, and does not only indent."""
    return not _INDENT_ONLY.search((attributes.get("style") or "")[:_MAX_STYLE].lower())


def is_cite(attributes: Attributes) -> bool:
    """Tell whether a mail program made this blockquote, and no person who indents."""
    if "cite" in attributes or (attributes.get("type") or "").lower() == "cite":
        return True
    names = _names(attributes)
    return any(name in names for name in _CITES)


def is_quote_container(attributes: Attributes) -> bool:
    """Tell whether all in this element was quoted, if no blockquote within says it better."""
    names = _names(attributes)
    return bool(names) and any(name in names for name in _QUOTES)


def _names(attributes: Attributes) -> str:
    if not attributes:
        return ""
    values = (attributes.get("class"), attributes.get("id"), attributes.get("name"))
    return " ".join(value for value in values if value)[:_MAX_NAMES].lower()
