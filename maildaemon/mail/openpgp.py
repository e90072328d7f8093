"""OpenPGP in the text of a mail: signed text without its armour, sealed text told as such."""

import re

_BEGIN = "-----BEGIN PGP "
_SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_SEALED = "-----BEGIN PGP MESSAGE-----"
_END = re.compile(r"-----END PGP [A-Z ]{3,30}-----")
_BLOCK = re.compile(r"-----BEGIN PGP [A-Z ,0-9/]{3,40}-----")


def without_armour(text: str) -> tuple[str, bool]:
    """Return the text without signatures and sealed blocks, and whether something was sealed.

    RFC 9580 §7: in a signed text, lines that begin with a dash have `- ` in front. Of a sealed
    block or a key its first and last line stay, so that a reader sees that there was one.
    """
    if _BEGIN not in text:
        return text, False
    lines = text.split("\n")
    ends = iter([at for at, line in enumerate(lines) if _END.fullmatch(line.rstrip())])
    end = next(ends, len(lines))
    output: list[str] = []
    sealed = False
    position = 0
    while position < len(lines):
        line = lines[position].rstrip()
        while end < position:
            end = next(ends, len(lines))
        if end == len(lines) or not _BLOCK.fullmatch(line):
            output.append(lines[position])
            position += 1
            continue
        if line == _SIGNED:
            output.extend(_signed_text(lines[position:end]))
        else:
            output += (line, lines[end].rstrip())
        sealed = sealed or line == _SEALED
        position = end + 1
    return "\n".join(output), sealed


def _signed_text(lines: list[str]) -> list[str]:
    """Return what stands between the fields of the armour and the signature."""
    start = next((at for at, line in enumerate(lines) if not line.strip()), 0) + 1
    stop = next((at for at, line in enumerate(lines) if line.rstrip() == _SIGNATURE), len(lines))
    return [line.removeprefix("- ") for line in lines[start:stop]]
