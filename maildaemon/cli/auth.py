"""`maildaemon auth`: sign in to a mailbox that takes no password (OAuth2)."""

import sys
import threading
from contextlib import closing
from typing import TYPE_CHECKING

import click

from maildaemon.cli.check import check_connections, put_findings
from maildaemon.cli.exits import WrongRequestError
from maildaemon.cli.invocation import Invocation, choose_mailbox
from maildaemon.cli.output import json_option, local, mark, plain, put_json, say
from maildaemon.cli.owner import require_owner
from maildaemon.cli.sign_ins import until
from maildaemon.cli.teach import examples
from maildaemon.shipped import page

if TYPE_CHECKING:
    from maildaemon.adapters.identity import IdentityServer
    from maildaemon.adapters.tokens import SignIn
    from maildaemon.domain.grants import Grant, Tokens
    from maildaemon.settings import MailboxSettings, Settings


@click.command(epilog=examples("maildaemon auth", "maildaemon auth support"))
@click.argument("mailbox", required=False, metavar="[MAILBOX]")
@json_option
@click.pass_obj
def auth(invocation: Invocation, *, mailbox: str | None, as_json: bool) -> int:
    """Sign in to a mailbox that takes no password (OAuth2).

    Shows a web address and, with most providers, a code to type there: with any browser, on any
    machine. What comes of it is kept in the data folder (0600); from then on the daemon renews it
    by itself. It may run meanwhile, and goes on at once. In the end the mailbox is tried like by
    `check --connect`.
    """
    from maildaemon.adapters.installation import make_data_dir
    from maildaemon.logins import make_sign_ins

    settings = invocation.settings()
    chosen = _chosen(settings, mailbox)
    folder = settings.service.data_dir
    make_data_dir(folder)
    require_owner(folder, "must be able to renew the sign-in", "auth")
    for sign_in in make_sign_ins(settings, chosen):
        grant = sign_in.keep(_signed_in(sign_in, chosen.name, as_json=as_json))
        _put(sign_in, chosen.name, grant, as_json=as_json)
    return put_findings(
        check_connections(settings, (chosen,), invocation.find_config()), as_json=as_json
    )


def _chosen(settings: "Settings", name: str | None) -> "MailboxSettings":
    by_token = [one for one in settings.mailboxes if any(at.oauth2 for _, at in one.servers)]
    if name is not None:
        chosen = choose_mailbox(settings, name)
        if chosen not in by_token:
            raise WrongRequestError(
                f"the mailbox `{name}` logs in with a password",
                f"a login by token needs `imap.oauth2` and `smtp.oauth2`: see {page('providers')}",
            )
        return chosen
    if not by_token:
        raise WrongRequestError(
            "no mailbox of the configuration logs in by OAuth2",
            f"it needs `imap.oauth2` and `smtp.oauth2`: see {page('providers')}",
        )
    if len(by_token) > 1:
        names = ", ".join(one.name for one in by_token)
        raise WrongRequestError("several mailboxes log in by OAuth2", f"name one of: {names}")
    return by_token[0]


def _signed_in(sign_in: "SignIn", mailbox: str, *, as_json: bool) -> "Tokens":
    if not as_json:
        say(f"{mailbox}: sign in as {plain(sign_in.username)}")
    if sign_in.application.device_url:
        return _by_code(sign_in.identity, mailbox, as_json=as_json)
    return _by_browser(sign_in, mailbox, as_json=as_json)


def _by_code(identity: "IdentityServer", mailbox: str, *, as_json: bool) -> "Tokens":
    login = identity.begin_device_login()
    if as_json:
        put_json({
            "mailbox": mailbox,
            "address": login.address,
            "complete_address": login.complete_address,
            "code": login.user_code,
            "expires_in": login.expires_in,
        })  # fmt: skip
    else:
        say(f"  open      {plain(login.address)}")
        say(f"  and type  {plain(login.user_code)}")
        say(f"waiting for you, {login.expires_in / 60:.0f} minutes at most (Ctrl-C ends it) ...")
    return identity.wait_for_device(login, threading.Event().wait)


def _by_browser(sign_in: "SignIn", mailbox: str, *, as_json: bool) -> "Tokens":
    from maildaemon.adapters.redirect import Redirect

    with closing(Redirect(sign_in.application, sign_in.username)) as redirect:
        if as_json:
            put_json({"mailbox": mailbox, "address": redirect.address})
        else:
            say("  open this address in a browser:")
            say(f"  {redirect.address}")
            say("If the browser runs on another machine, it ends on a page that it cannot show, at")
            say(f"{redirect.redirect}... : copy that whole address, paste it here, press Enter.")
        code = redirect.wait(sys.stdin)
        return sign_in.identity.exchange(code, redirect.verifier, redirect.redirect)


def _put(sign_in: "SignIn", mailbox: str, grant: "Grant", *, as_json: bool) -> None:
    if as_json:
        put_json({
            "mailbox": mailbox,
            "account": sign_in.username,
            "signed_in_at": grant.granted_at,
            "ends_at": grant.ends_at,
            "token_ends_at": grant.access.expires_at,
        })  # fmt: skip
        return
    say(f"{mark(good=True)} signed in; {until(grant)}; kept in {sign_in.path}")
    say(f"  the first token holds until {local(grant.access.expires_at)} and is renewed by itself")
