"""To whom a message says that it goes, and which addresses are ours."""

from maildaemon.domain.message import Address, Message
from maildaemon.domain.policy import Policy

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


def is_one_of_us(address: Address | None, policy: Policy) -> bool:
    """Tell whether this is an address of ours or a colleague's (it may be forged)."""
    ours = policy.addresses | policy.staff
    return address is not None and (address.key in ours or without_detail(address.key) in ours)
