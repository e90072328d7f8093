"""Who wrote a message, whom an automatic mail may go to, and what proves it.

Only `Authentication-Results` that our own server added are believed (RFC 8601 §5): the topmost
ones with its `authserv_id`. Without one, nothing is known.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from maildaemon.domain.automatic import Silence
from maildaemon.domain.fields import plain
from maildaemon.domain.message import Address, Message
from maildaemon.domain.policy import Policy
from maildaemon.domain.recipients import is_one_of_us

# Second-level labels under which registries sell names, as in `shop.co.uk`.
_REGISTRY_LABELS = frozenset("co com org net gov ac edu or ne go gob nom ltd plc me id".split())
_CC = 2  # letters of a country's top-level domain
_EQUALS = re.compile(r"[ \t]*=[ \t]*")


def by_form(message: Message, policy: Policy) -> bool:
    """Tell whether a contact form sent this, in which anybody may give any address as his own."""
    return message.from_ is not None and message.from_.key in policy.trust_reply_to


def find_writer(message: Message, policy: Policy) -> Address | None:
    """Return who speaks in a message: the author, or whoever filled in a contact form.

    None if there is nobody, or no telling who it is. Nothing is proven by it.
    """
    if not by_form(message, policy):
        return message.from_
    # A form is nobody: what it forwards is from the one Reply-To, or from nobody we can answer.
    return message.reply_to[0] if len(message.reply_to) == 1 else None


def find_recipient(message: Message, policy: Policy) -> Address | Silence:
    """Return the one address a response may go to, or why there is none.

    RFC 3834 §4: the return path is right; From only where it is known to be the same party.
    """
    if message.return_path == "":
        return Silence.NULL_REVERSE_PATH
    writer = find_writer(message, policy)
    if writer is None or not writer.domain or "many_from" in message.defects:
        return Silence.AUTH_FAILED
    if by_form(message, policy) or message.return_path is None:
        return writer
    returned_to = message.return_path.rpartition("@")[2]
    if same_organisation(returned_to, writer.domain) or aligned_pass(message, policy.authserv_id):
        return writer
    return Silence.AUTH_FAILED


class Trust(StrEnum):
    """What our own server says of the From: nobody asked it, it vouches, is silent, contradicts."""

    UNKNOWN = "unknown"
    PASSED = "passed"
    NONE = "none"
    FAILED = "failed"


def judge_author(message: Message, policy: Policy) -> Trust:
    """Return how far the author may be believed to be who he says; a form vouches for nobody."""
    if "many_from" in message.defects:
        return Trust.FAILED
    if policy.authserv_id is None:
        return Trust.UNKNOWN
    if by_form(message, policy):
        return Trust.NONE
    if aligned_pass(message, policy.authserv_id):
        return Trust.PASSED
    results = tuple(_results(message, policy.authserv_id.lower()))
    # A signature breaks on the way, and a forwarder may write for nobody: only both together, or
    # the word of the domain's owner, contradict.
    told = {(one.method, one.verdict) for one in results}
    broken = all(
        {verdict for name, verdict in told if name == method} & _BAD
        and (method, "pass") not in told
        for method in ("dkim", "spf")
    )
    return Trust.FAILED if ("dmarc", "fail") in told or broken else Trust.NONE


_BAD = frozenset({"fail", "softfail", "hardfail", "permerror"})


@dataclass(frozen=True, slots=True)
class _Result:
    """One result of an Authentication-Results field, all in lower case."""

    method: str
    verdict: str
    properties: dict[str, str]


def aligned_pass(message: Message, authserv_id: str | None) -> bool:
    """Tell whether our own server vouches for the From domain: DMARC, or aligned DKIM or SPF."""
    return any(_vouching(message, authserv_id))


def strong_pass(message: Message, authserv_id: str | None) -> bool:
    """Tell whether it is enough to speak for us: DMARC, or an aligned signature. An address of
    the right network, which is all that SPF looks at, may be a neighbour's.
    """
    return any(one.method != "spf" for one in _vouching(message, authserv_id))


def speaks_for_us(message: Message, policy: Policy, *, in_sent: bool) -> bool:
    """Tell whether it is proven that one of us wrote this: by Sent, or by authentication."""
    if in_sent:
        return True
    # Whoever fills in a contact form may give any address as his own.
    if by_form(message, policy) or not is_one_of_us(message.from_, policy):
        return False
    return strong_pass(message, policy.authserv_id)


def _vouching(message: Message, authserv_id: str | None) -> Iterator[_Result]:
    """Yield the results of our own server that vouch for the author; none where DMARC failed."""
    if authserv_id is None or message.from_ is None or "many_from" in message.defects:
        return
    # RFC 6854 §4: a group in From names nobody in particular.
    if any(plain(one).endswith(";") for one in message.field("from")):
        return
    results = tuple(_results(message, authserv_id.lower()))
    if not any(one.method == "dmarc" and one.verdict == "fail" for one in results):
        yield from (one for one in results if _vouches(one, message.from_.domain))


def _results(message: Message, authserv_id: str) -> Iterator[_Result]:
    """Yield what the topmost block of our server says; of each method, what stands topmost."""
    told: set[str] = set()
    for value in _own_block(message, authserv_id):
        found = [_parse(one) for one in value.split(";")[1:]]
        # Below the first word about a method another one is a forger's: what he wrote in the
        # header of his mail comes right after what our server put on top of it.
        yield from (one for one in found if one.method not in told)
        told |= {one.method for one in found}


def _own_block(message: Message, authserv_id: str) -> Iterator[str]:
    """Yield the fields, without comments and in lower case, that our server may have added.

    RFC 8601 §5: below the first foreign one anybody can have written anything; and so below the
    hop by which it came to our server.
    """
    begun = False
    for name, raw in message.fields:
        if name == "received" and begun:
            return
        if name == "authentication-results":
            value = plain(raw).lower()
            # RFC 8601 §2.2: a version may follow the name of the server; ours is the first.
            if value.partition(";")[0].split() not in ([authserv_id], [authserv_id, "1"]):
                return
            begun = True
            yield value


_ENOUGH_MAILS, _ENOUGH_SENDERS = 10, 4


def find_authserv_id(arrived: Sequence[tuple[str, str]]) -> str | None:
    """Return the name that our own server signs its Authentication-Results with, None if that
    cannot be told safely. Of each mail in the inbox: the topmost such field, empty if it has none,
    and the domain of its author.

    Anybody can write such a field into his mail, but nobody into that of others: it is our server's
    if all mail has it on top, from senders that have nothing to do with each other.
    """
    named = {
        plain(value).lower().partition(";")[0].strip().partition(" ")[0] for value, _ in arrived
    }
    senders = {organisation(domain) for _, domain in arrived}
    if len(arrived) < _ENOUGH_MAILS or len(senders) < _ENOUGH_SENDERS or len(named) != 1:
        return None
    return named.pop() or None


def _parse(text: str) -> _Result:
    method, *properties = _EQUALS.sub("=", text).split() or [""]
    name, _, verdict = method.partition("=")
    pairs = dict(word.partition("=")[::2] for word in properties)
    return _Result(name.partition("/")[0], verdict, pairs)


def _vouches(result: _Result, domain: str) -> bool:
    if result.verdict != "pass":
        return False
    match result.method:
        case "dmarc":
            return result.properties.get("header.from", domain) == domain
        case "dkim":
            signer = result.properties.get("header.d") or result.properties.get("header.i", "")
            return _speaks_for(signer.rpartition("@")[2], domain)
        case "spf":
            sender = result.properties.get("smtp.mailfrom", "")
            return _speaks_for(sender.rpartition("@")[2], domain)
        case _:
            return False


def _speaks_for(signer: str, domain: str) -> bool:
    """Tell whether one is the other or lies above it. Two neighbours prove nothing for each other:
    below `host.example` each customer may have a name of his own.
    """
    if not same_organisation(signer, domain):
        return False
    one, other = signer.strip("."), domain.strip(".")
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def same_organisation(one: str, other: str) -> bool:
    """Tell whether two domains have one owner, as far as names alone can tell."""
    if not one or not other:
        return False
    return organisation(one) == organisation(other)


def person_key(address: str) -> str:
    """Return what is equal for all addresses that one mailbox can make up for itself, as far as
    names tell: without the detail after a `+`, at the organisational domain.
    """
    local, _, domain = address.strip().lower().rpartition("@")
    return f"{local.partition('+')[0] or local}@{organisation(domain)}"


def organisation(domain: str) -> str:
    """Return the organisational domain: two labels, three under a registry's second level.

    An approximation without the public suffix list: it errs for hosting suffixes, where
    `a.example.net` and `b.example.net` count as one owner, and for rare registries.
    """
    match domain.strip(". ").lower().split("."):
        case [*_, name, registry, country] if registry in _REGISTRY_LABELS and len(country) == _CC:
            return f"{name}.{registry}.{country}"
        case [*_, name, top]:
            return f"{name}.{top}"
        case labels:
            return labels[0]
