"""To whom a message says that it goes."""

from maildaemon.domain.message import Address, Message

_DELIVERED = ("resent-to", "resent-cc", "resent-bcc", "delivered-to", "x-original-to")


def recipients(message: Message) -> tuple[Address, ...]:
    """Return whom To, Cc and Bcc name."""
    return (*message.to, *message.cc, *message.bcc)


def addressed(message: Message) -> frozenset[str]:
    """Return every address (lower case) that stands where recipients stand, as RFC 5230 §4.5
    names the places; of `support+anything@x` also `support@x`.
    """
    named = {address.key for address in recipients(message)}
    for name in _DELIVERED:
        for value in message.field(name):
            words = value.replace(",", " ").replace(";", " ").split()
            named.update(word.strip("<>").lower() for word in words)
    return frozenset(named | {without_detail(one) for one in named})


def without_detail(address: str) -> str:
    """Return `support@x` for `support+anything@x`."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
