"""A file that came inside something else: in Outlook's wrapper, or written into the text."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Enclosed:
    """One file with the names and the type it was given there; `findings` as of an attachment."""

    names: tuple[str, ...]
    content: bytes
    declared_type: str = "application/octet-stream"
    content_id: str | None = None
    findings: tuple[str, ...] = ()
