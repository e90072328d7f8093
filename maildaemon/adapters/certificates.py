"""The file of certificate authorities that an operator names for a server of his own."""

import ssl
from pathlib import Path

from maildaemon.errors import OperatorError


def require_authorities(ca_file: Path) -> None:
    """Raise OperatorError if the file cannot be used: no server needs to be asked for that."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(ca_file)
    except OSError as error:
        unread = f"cannot be read: {(error.strerror or str(error)).lower()}"
        raise OperatorError(
            "holds no PEM certificates" if isinstance(error, ssl.SSLError) else unread,
            where=str(ca_file),
            advice="`ca_file` must name a PEM file that the user who runs maildaemon can read",
        ) from error
