"""A conversation as its customer may have it: what he wrote, and what our people answered him."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Said:
    """One message; `text` is what is new in it."""

    at: datetime
    by_customer: bool
    text: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """All of it, the oldest first. `message_ids` are those of the messages, in the same order."""

    reference: str
    subject: str
    customer: str
    language: str
    said: tuple[Said, ...]
    message_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Worded:
    """A transcript in the words of a language: each message with the line that stands above it."""

    language: str
    opening: tuple[str, ...]
    said: tuple[tuple[str, str], ...]
    goodbye: str

    def as_text(self) -> str:
        """Return it as plain text."""
        paragraphs = [*self.opening]
        for head, text in self.said:
            paragraphs += [head, text]
        return "\n\n".join([*paragraphs, self.goodbye])
