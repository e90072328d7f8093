"""Whom an automatic mail may go to, and whether the sender is who the From field says.

Only `Authentication-Results` that our own server added are believed (RFC 8601 §5): the topmost
ones with its `authserv_id`. Without one, nothing is known.
"""

from maildaemon.domain.automatic import Silence
from maildaemon.domain.message import Address, Message
from maildaemon.domain.policy import Policy

# Second-level labels under which registries sell names, as in `shop.co.uk`.
_REGISTRY_LABELS = frozenset("co com org net gov ac edu or ne go gob nom ltd plc me id".split())
_CC = 2  # letters of a country's top-level domain


def find_recipient(message: Message, policy: Policy) -> Address | Silence:
    """Return the one address a response may go to, or why there is none.

    RFC 3834 §4: the return path is right; From only where it is known to be the same party.
    """
    if message.return_path == "":
        return Silence.NULL_REVERSE_PATH
    author = message.from_
    if author is None or not author.domain or "many_from" in message.defects:
        return Silence.AUTH_FAILED
    if author.key in policy.trust_reply_to and len(message.reply_to) == 1:
        return message.reply_to[0]
    if message.return_path is None:
        return author
    returned_to = message.return_path.rpartition("@")[2].lower()
    if same_organisation(returned_to, author.domain) or aligned_pass(message, policy.authserv_id):
        return author
    return Silence.AUTH_FAILED


def aligned_pass(message: Message, authserv_id: str | None) -> bool:
    """Tell whether our own server vouches for the From domain: DMARC, or aligned DKIM or SPF."""
    if authserv_id is None or message.from_ is None:
        return False
    for value in message.field("authentication-results"):
        head, *results = value.split(";")
        if head.strip().partition(" ")[0].lower() != authserv_id.lower():
            # Below the first foreign one anybody can have written anything (RFC 8601 §5).
            return False
        if any(_vouches(result, message.from_.domain) for result in results):
            return True
    return False


def _vouches(result: str, domain: str) -> bool:
    words = result.strip().lower().split()
    method, _, verdict = words[0].partition("=") if words else ("", "", "")
    if verdict != "pass":
        return False
    properties = dict(word.partition("=")[::2] for word in words[1:])
    match method:
        case "dmarc":
            return properties.get("header.from", domain) == domain
        case "dkim":
            signer = properties.get("header.d") or properties.get("header.i", "")
            return same_organisation(signer.rpartition("@")[2], domain)
        case "spf":
            sender = properties.get("smtp.mailfrom", "")
            return same_organisation(sender.rpartition("@")[2], domain)
        case _:
            return False


def same_organisation(one: str, other: str) -> bool:
    """Tell whether two domains have one owner, as far as names alone can tell."""
    if not one or not other:
        return False
    return organisation(one) == organisation(other)


def organisation(domain: str) -> str:
    """Return the organisational domain: two labels, three under a registry's second level.

    An approximation without the public suffix list: it errs only for hosting suffixes, where
    `a.example.net` and `b.example.net` count as one owner.
    """
    match domain.strip(". ").lower().split("."):
        case [*_, name, registry, country] if registry in _REGISTRY_LABELS and len(country) == _CC:
            return f"{name}.{registry}.{country}"
        case [*_, name, top]:
            return f"{name}.{top}"
        case labels:
            return labels[0]
