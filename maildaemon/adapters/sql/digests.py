"""The sha256 under which a text from mail is looked up."""

from hashlib import sha256


def digest(text: str) -> str:
    """Return the hex sha256 of a text; lone surrogates from broken mail are no obstacle."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
