"""Shows a mail of our own: subject and text, out of the bytes that are sent."""

from email import message_from_bytes
from email.policy import default


def read_letter(raw: bytes) -> tuple[str, str]:
    """Return subject and plain text; only for mails that we composed ourselves."""
    mail = message_from_bytes(raw, policy=default)
    body = mail.get_body(("plain",))
    return str(mail["subject"] or ""), str(body.get_content()) if body else ""
