"""Servers for all tests: one instance a session, a mailbox and a database of its own for every test.

A test that opens the store runs on SQLite and PostgreSQL: it is enough that its module imports
`Shop` or `database_url`, or lies in tests/service. `@pytest.mark.sqlite`, `.postgresql` and
`.mariadb` are for what concerns one of them alone. A module about decisions runs on SQLite, and
those of its tests that carry the other mark on both: together they execute every statement on
PostgreSQL as well. On MariaDB runs what is about databases (`_ON_MARIADB`), and what has its mark.

With `--every-database` (`make test-databases`) all of them run on all three, but for what concerns
one alone.
"""

import atexit
import contextlib
import functools
import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest

from tests import databases
from tests.databases import BACKENDS, Databases, ServerDatabases, SqliteDatabases
from tests.servers.database import DatabaseServer
from tests.servers.dovecot import Account, Dovecot
from tests.servers.identity import Identity
from tests.servers.mariadb import Mariadb
from tests.servers.postfix import Postfix
from tests.servers.postgres import Postgres
from tests.servers.sink import SentFolder, SmtpSink

# A busy machine makes no example wrong; a test as a whole has its time limit.
hypothesis.settings.register_profile(
    "unhurried", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("unhurried")

# Started by `nohup`, or behind a shell, these would be ignored by every program started here.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)

# A run starts some hundred processes. Where nothing may be compiled beside the source, each would
# compile all it loads, which takes longer than what it is started for. (`.ci/tests` sees to it.)
if "PYTHONPYCACHEPREFIX" not in os.environ and sys.dont_write_bytecode:
    _compiled = tempfile.mkdtemp(prefix="maildaemon-compiled-")
    atexit.register(shutil.rmtree, _compiled, ignore_errors=True)
    os.environ |= {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": _compiled}

# What is loaded for the tests stays to the end. To look through all of it for what might go, again
# and again while it grows, took a third of the time it takes to load.
gc.disable()

_OPENS_THE_STORE = {"Shop", "database_url"}
_ON_MARIADB = {"test_store", "test_migrations", "test_hot_path", "test_leases"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--every-database", action="store_true", help="run tests on all databases")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Let each worker begin to load the tests elsewhere: what one has compiled, the others find."""
    workers, here = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")), Path(__file__).parent
    if workers == 1 or [Path(one).resolve() for one in session.config.args] != [here]:
        return
    paths = sorted(here.rglob("test_*.py"))
    first = len(paths) * int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw")) // workers
    for path in paths[first:] + paths[:first]:
        # What cannot be loaded is told when it is collected.
        with contextlib.suppress(Exception):
            import_module(".".join(path.relative_to(here.parent).with_suffix("").parts))


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.enable()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if names := _databases_of(metafunc.definition, metafunc.module):
        metafunc.parametrize("database", names, indirect=True)


def _databases_of(test: pytest.Item, module: ModuleType) -> list[str]:
    """Return the databases that a test runs on; empty if it does not open the store."""
    marked = [name for name in BACKENDS if test.get_closest_marker(name)]
    if test.config.getoption("--every-database"):
        here = [mark.name for mark in test.own_markers if mark.name in BACKENDS]
        if marked and test.path.parent.name == "service" and here != ["sqlite"]:
            return list(BACKENDS)
    if marked:
        return marked
    if _OPENS_THE_STORE.isdisjoint(vars(module)) and test.path.parent.name != "service":
        return []
    if (
        test.config.getoption("--every-database")
        or module.__name__.rpartition(".")[2] in _ON_MARIADB
    ):
        return list(BACKENDS)
    return ["sqlite", "postgresql"]


@pytest.fixture(autouse=True)
def database(
    request: pytest.FixtureRequest,
    postgres: Callable[[], Postgres],
    mariadb: Callable[[], Mariadb],
) -> Iterator[Databases]:
    """The databases of this test; none is made before it is asked for."""
    umask = os.umask(0o022)
    name: str = getattr(request, "param", "sqlite")
    servers: dict[str, Callable[[], DatabaseServer]] = {"postgresql": postgres, "mariadb": mariadb}
    begun = ServerDatabases(name, servers[name]) if name in servers else SqliteDatabases()
    databases.begin(begun)
    yield begun
    databases.end()
    # The program keeps its files to itself; the next test's servers run as other users.
    os.umask(umask)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Callable[[], Postgres]]:
    """A running PostgreSQL that all tests share, started by the first that asks for it."""
    with contextlib.ExitStack() as stack:
        yield functools.cache(lambda: stack.enter_context(Postgres()))


@pytest.fixture(scope="session")
def mariadb() -> Iterator[Callable[[], Mariadb]]:
    """A running MariaDB that all tests share, started by the first that asks for it."""
    with contextlib.ExitStack() as stack:
        yield functools.cache(lambda: stack.enter_context(Mariadb()))


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """A running Dovecot that all tests share; a test that stops a server starts its own."""
    with Dovecot() as server:
        yield server


@pytest.fixture(scope="session")
def identity() -> Iterator[Identity]:
    """An identity server whose tokens `token_dovecot` takes; `fresh_identity` sets it back."""
    with Identity("support@example.test") as server:
        yield server


@pytest.fixture(scope="session")
def token_dovecot(identity: Identity) -> Iterator[Dovecot]:
    """A running Dovecot that asks `identity` about each token shown to it."""
    with Dovecot(identity.url) as server:
        yield server


@pytest.fixture
def fresh_identity(identity: Identity) -> Identity:
    """`identity` as it was when it was started, with nothing handed out."""
    fresh = Identity("support@example.test")
    for name in Identity.__dataclass_fields__:
        if name != "_server":
            setattr(identity, name, getattr(fresh, name))
    return identity


@pytest.fixture
def account(dovecot: Dovecot) -> Account:
    """A fresh, empty mailbox."""
    return dovecot.account()


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[SmtpSink]:
    """An SMTP server without TLS; AUTH is offered, not required."""
    with SmtpSink(tmp_path / "accepted.jsonl") as server:
        yield server


@pytest.fixture
def tls_sink(tmp_path: Path, dovecot: Dovecot) -> Iterator[SmtpSink]:
    """An SMTP server that requires STARTTLS and AUTH; its certificate is `dovecot.ca_file`."""
    with SmtpSink(
        tmp_path / "accepted.jsonl",
        security="starttls",
        certificate=(dovecot.ca_file, dovecot.key_file),
        require_auth=True,
    ) as server:
        yield server


@pytest.fixture
def filing_sink(tmp_path: Path, dovecot: Dovecot, account: Account) -> Iterator[SmtpSink]:
    """`tls_sink`, but it files what it sends, as the large providers do."""
    with SmtpSink(
        tmp_path / "accepted.jsonl",
        security="starttls",
        certificate=(dovecot.ca_file, dovecot.key_file),
        require_auth=True,
        files_sent=SentFolder(dovecot.imap_port, account.user),
    ) as server:
        yield server


@pytest.fixture(scope="session")
def relay_sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmtpSink]:
    """Where `postfix` relays everything to."""
    with SmtpSink(tmp_path_factory.mktemp("relay") / "accepted.jsonl") as server:
        yield server


@pytest.fixture(scope="session")
def postfix(dovecot: Dovecot, relay_sink: SmtpSink) -> Iterator[Postfix]:
    """A real submission server (STARTTLS, AUTH) that relays to `relay_sink`. Needs root."""
    with Postfix(dovecot, relay_sink.port) as server:
        yield server
