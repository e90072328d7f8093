"""Finds the servers of an address, for the person who sets up her mailbox: what her domain says of
itself, else names that are usual.

Nobody but that domain's servers and the name servers of this machine is asked. Everything is asked
at once and has a few seconds; a network that has none of it costs these, and finds nothing.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal, TypeVar
from urllib.parse import quote

from maildaemon.adapters.certificates import read_certificate, show_certificate
from maildaemon.adapters.dns import Kind, look_up
from maildaemon.adapters.web import read_page
from maildaemon.mail.inside.xmlparts import Element, read_elements

_T = TypeVar("_T")
_SECONDS = 8.0
_ANSWER_WITHIN = 5.0
_MOST_XML = 20_000
# By port, as the settings infer it: nothing else can be written as `host:port` alone.
_PROTECTED = {"ssl": True, "starttls": False}
_STARTTLS_PORTS = {"imap": ("143",), "smtp": ("587", "25")}


@dataclass(frozen=True, slots=True)
class Found:
    """Servers as `host:port`, empty where none was found. `by` says how; `username` is who logs in,
    empty if that was not told.
    """

    imap: str = ""
    smtp: str = ""
    username: str = ""
    by: str = ""


def find_exchanges(address: str, resolvers: Sequence[tuple[str, int]]) -> tuple[str, ...]:
    """Return the hosts at which mail for the address arrives, the preferred first."""
    return tuple(one.host for one in look_up(_domain(address), Kind.MX, resolvers))


def find_servers(
    address: str, resolvers: Sequence[tuple[str, int]], seconds: float = _SECONDS
) -> Found:
    """Return the servers of an address; what the domain says by HTTPS counts before what DNS says,
    and both before names that merely answer. Takes `seconds` at most.
    """
    domain = _domain(address)
    sources: tuple[Callable[[], Found], ...] = (
        *(partial(_by_autoconfig, url, address) for url in _pages(address)),
        partial(_by_srv, domain, resolvers),
        partial(_by_names, domain),
    )
    end = time.monotonic() + seconds
    begun = [_begin(source) for source in sources]
    for thread, result in begun:
        thread.join(max(end - time.monotonic(), 0))
        if result and result[0].imap and result[0].smtp:
            return result[0]
    some = (result[0] for _, result in begun if result)
    return next((one for one in some if one.imap or one.smtp), Found())


def _begin(source: Callable[[], _T]) -> tuple[threading.Thread, list[_T]]:
    """Ask in a thread of its own, for which nobody needs to wait, not even the end of all."""
    result: list[_T] = []
    thread = threading.Thread(target=lambda: result.append(source()), daemon=True)
    thread.start()
    return thread, result


def _domain(address: str) -> str:
    return address.rpartition("@")[2].lower()


# What the domain says by HTTPS


def _pages(address: str) -> tuple[str, ...]:
    """Return where the configuration for mail programs lies, as Thunderbird looks for it."""
    domain, of = _domain(address), quote(address)
    return (
        f"https://autoconfig.{domain}/mail/config-v1.1.xml?emailaddress={of}",
        f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress={of}",
    )


def _by_autoconfig(url: str, address: str) -> Found:
    page = read_page(url, _SECONDS)
    found = read_autoconfig(page, address) if page else Found()
    return replace(found, by=url.partition("?")[0].removeprefix("https://"))


def read_autoconfig(xml: bytes, address: str) -> Found:
    """Return the first server of each kind that a connection is protected with."""
    names = ("incomingserver", "outgoingserver", *_TOLD)
    servers: list[tuple[str, dict[str, str]]] = []
    for element in read_elements(xml, names, _MOST_XML).found:
        if element.name in _TOLD and servers:
            # The page of a webmail that may follow has a user name as well.
            servers[-1][1].setdefault(element.name, element.text.strip())
        elif element.name not in _TOLD:
            servers.append((_kind_of(element), {}))
    imap, username = _first("imap", servers, address)
    smtp, _ = _first("smtp", servers, address)
    return Found(imap, smtp, username)


_TOLD = ("hostname", "port", "sockettype", "username")


def _kind_of(element: Element) -> str:
    return element.attributes.get("type", "").lower()


def _first(
    kind: str, servers: Sequence[tuple[str, dict[str, str]]], address: str
) -> tuple[str, str]:
    for its_kind, told in servers:
        port, host = told.get("port", ""), _filled(told.get("hostname", ""), address)
        from_the_first_byte = _PROTECTED.get(told.get("sockettype", "").lower())
        fits = from_the_first_byte is (port not in _STARTTLS_PORTS[kind])
        if its_kind == kind and fits and host and port.isascii() and port.isdigit():
            return f"{host}:{port}", _filled(told.get("username", ""), address)
    return "", ""


def _filled(text: str, address: str) -> str:
    local, _, domain = address.rpartition("@")
    for name, value in (
        ("%EMAILADDRESS%", address),
        ("%EMAILLOCALPART%", local),
        ("%EMAILDOMAIN%", domain),
    ):
        text = text.replace(name, value)
    return text if text.isprintable() else ""


# What it says by DNS


def _by_srv(domain: str, resolvers: Sequence[tuple[str, int]]) -> Found:
    # RFC 6186 §3.2, RFC 8314 §5.1: what is protected from the first byte is to be preferred.
    imap = _service(domain, resolvers, ("_imaps._tcp", ""), ("_imap._tcp", "143"))
    smtp = _service(domain, resolvers, ("_submissions._tcp", ""), ("_submission._tcp", "587"))
    return Found(imap, smtp, by="DNS")


def _service(domain: str, resolvers: Sequence[tuple[str, int]], *services: tuple[str, str]) -> str:
    for service, only_port in services:
        for one in look_up(f"{service}.{domain}", Kind.SRV, resolvers):
            if not only_port or str(one.port) == only_port:
                return f"{one.host}:{one.port}"
    return ""


# What answers under a usual name: with a certificate for it, else with one that a person may trust


def _by_names(domain: str) -> Found:
    end = time.monotonic() + _ANSWER_WITHIN
    asked = [(one[0], _begin(partial(_answering, domain, *one))) for one in _USUAL]
    trusted, others = {"imap": "", "smtp": ""}, {"imap": "", "smtp": ""}
    for kind, (thread, result) in asked:
        thread.join(max(end - time.monotonic(), 0))
        for server, is_trusted in result:
            found = trusted if is_trusted else others
            found[kind] = found[kind] or server
    by = "a usual name, which answers"
    if any(others[kind] and not trusted[kind] for kind in trusted):
        by += "; with a certificate that is not trusted"
    return Found(**{kind: trusted[kind] or others[kind] for kind in trusted}, by=by)


_USUAL: tuple[tuple[str, str, int, Literal["tls", "starttls"]], ...] = (
    ("imap", "imap", 993, "tls"),
    ("imap", "mail", 993, "tls"),
    ("smtp", "smtp", 465, "tls"),
    ("smtp", "mail", 465, "tls"),
    ("smtp", "smtp", 587, "starttls"),
    ("smtp", "mail", 587, "starttls"),
)


def _answering(
    domain: str, kind: str, name: str, port: int, security: Literal["tls", "starttls"]
) -> tuple[str, bool]:
    """Return `host:port`, empty if no server answers there, and whether it shows a certificate for
    that name.
    """
    host = f"{name}.{domain}"
    if read_certificate(kind, host, port, security, None):
        return f"{host}:{port}", True
    return (f"{host}:{port}" if show_certificate(kind, host, port, security) else ""), False
