"""Help that teaches: every command shows how it is typed."""


def examples(*lines: str) -> str:
    """Return the foot of a command's help, its lines left as they are."""
    # \b tells click not to wrap this paragraph.
    return "\n".join(("\b", "Examples:", *(f"  {line}" for line in lines)))
