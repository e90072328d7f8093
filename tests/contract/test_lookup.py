"""Where order numbers are looked up: real files, real databases, and what stands in their way."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from maildaemon.adapters.lookup import CsvRegister, NumberLookup, SqlRegister
from maildaemon.domain.understanding import OrderNumber
from maildaemon.errors import SecretError
from tests.databases import database_url

QUERY = "SELECT 1 FROM orders WHERE number = :number"


def asked(lookup: NumberLookup, *numbers: str) -> list[bool | None]:
    looked = lookup.look_up(tuple(OrderNumber("order", one) for one in numbers))
    return [one.known for one in looked.numbers]


def trouble(lookup: NumberLookup, *numbers: str) -> str:
    """Return why the numbers could not be looked up; all of them are neither known nor unknown."""
    looked = lookup.look_up(tuple(OrderNumber("order", one) for one in numbers or ("1",)))
    assert {one.known for one in looked.numbers} == {None}
    ((name, why),) = [(one.name, one.why) for one in looked.troubles]
    assert name == "order"
    return why


def driven(url: str) -> str:
    """Return the address with the drivers that are installed."""
    drivers = {"postgresql://": "postgresql+psycopg://", "mariadb://": "mariadb+pymysql://"}
    for plain, full in drivers.items():
        url = url.replace(plain, full)
    return url


def in_csv(path: Path, content: bytes | str = b"", column: str = "Order") -> NumberLookup:
    if content:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return NumberLookup({"order": CsvRegister(path, column)})


@pytest.mark.parametrize(
    "content",
    [
        "order,date\n123456,x\nA-77,y\n",
        "date;Order\r\nx;123456\r\ny;a 77\r\n",
        "date\torder\nx\t123456\ny\tA77\n",
        '"date","ORDER "\n"a, b\nc","123456"\n,"A-77"\n',
        "\ufefforder\n123456\n\nA77\n",
        "order,name\n123456,Jürgen\nA77,x\n".encode("cp1252"),
        "order;name\n123456;Jürgen\nA77;x\n".encode("utf-16"),
    ],
)
def test_a_number_is_found_in_a_csv_file_however_it_was_written(
    tmp_path: Path, content: bytes | str
) -> None:
    lookup = in_csv(tmp_path / "orders.csv", content)

    assert asked(lookup, "123456", "A77", "77", "654321") == [True, True, False, False]


def test_a_file_that_has_changed_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    lookup = in_csv(file, "order\n111111\n")
    assert asked(lookup, "111111", "222222") == [True, False]

    file.write_text("order\n222222\n333333\n")

    assert asked(lookup, "111111", "222222") == [False, True]


def test_a_large_file_is_read_once_and_kept_small(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    with file.open("w") as written:
        written.write("order\n")
        written.writelines(f"{number}\n" for number in range(1_000_000, 1_200_000))
    register = CsvRegister(file, "order")
    lookup = NumberLookup({"order": register})

    assert asked(lookup, "1199999", "1200000") == [True, False]
    assert len(register._numbers) * register._numbers.itemsize == 200_000 * 8
    before = register._numbers
    assert asked(lookup, "1000000") == [True]
    assert register._numbers is before


def test_a_file_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"

    assert trouble(in_csv(file)) == f"{file} cannot be read: No such file or directory"
    assert "has no column `Order`; its columns: a, b" in trouble(in_csv(file, "a,b\n1,2\n"))
    assert "cannot be read: Is a directory" in trouble(in_csv(tmp_path))


def test_a_list_that_cannot_be_asked_is_left_in_peace_for_a_while_and_then_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, seconds = tmp_path / "orders.csv", [100.0]
    monkeypatch.setattr("maildaemon.adapters.lookup.time.monotonic", lambda: seconds[0])
    lookup = in_csv(file)
    assert trouble(lookup)

    file.write_text("order\n1\n")
    assert trouble(lookup)
    seconds[0] += 61

    assert asked(lookup, "1") == [True]
    assert lookup.look_up((OrderNumber("order", "1"),)).troubles == ()


def test_numbers_without_a_list_of_their_own_are_left_as_they_are(tmp_path: Path) -> None:
    lookup = in_csv(tmp_path / "orders.csv", "order\n1\n")

    looked = lookup.look_up((OrderNumber("voucher", "1"), OrderNumber("order", "1")))

    assert [one.known for one in looked.numbers] == [None, True]


# --- databases -----------------------------------------------------------------------------------


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Callable[..., NumberLookup]]:
    """A database of the shop's, and a way to ask it."""
    url = database_url(tmp_path)
    from sqlalchemy import create_engine, text

    engine = create_engine(driven(url))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE orders (number varchar(20))"))
        connection.execute(text("INSERT INTO orders VALUES ('123456')"))

    def ask(query: str = QUERY) -> NumberLookup:
        return NumberLookup({"order": SqlRegister(lambda: url, query)})

    yield ask
    # The server's databases are used again, and not every test expects a table of the shop's.
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE orders"))
    engine.dispose()


@pytest.mark.sqlite
@pytest.mark.postgresql
@pytest.mark.mariadb
@pytest.mark.parametrize(
    "query",
    [
        QUERY,
        "SELECT number FROM orders WHERE number = :number",
        "SELECT count(*) FROM orders WHERE number = :number",
        "SELECT EXISTS (SELECT 1 FROM orders WHERE number = :number)",
        "SELECT NULL FROM orders WHERE number = :number",
    ],
)
def test_a_number_is_found_by_whatever_query_people_write(
    shop: Callable[..., NumberLookup], query: str
) -> None:
    assert asked(shop(query), "123456", "654321", "' OR '1'='1") == [True, False, False]


@pytest.mark.sqlite
@pytest.mark.postgresql
@pytest.mark.mariadb
@pytest.mark.parametrize(
    "query",
    [
        "DELETE FROM orders WHERE number = :number RETURNING 1",
        "INSERT INTO orders VALUES (:number) RETURNING 1",
        "UPDATE orders SET number = '9' WHERE number = :number RETURNING 1",
    ],
)
def test_the_database_is_only_read(shop: Callable[..., NumberLookup], query: str) -> None:
    assert "the database cannot be asked" in trouble(shop(query), "123456")
    assert asked(shop(), "123456") == [True]


def test_a_query_that_is_wrong_says_what_the_database_says(
    shop: Callable[..., NumberLookup],
) -> None:
    why = trouble(shop("SELECT 1 FROM ordres WHERE number = :number"))

    assert "ordres" in why
    assert "\n" not in why


@pytest.mark.sqlite
@pytest.mark.postgresql
def test_a_query_that_takes_too_long_is_broken_off(
    shop: Callable[..., NumberLookup], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maildaemon.adapters.lookup._SECONDS", 1)
    endless = (
        "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 2000000000) "
        "SELECT 1 FROM n WHERE cast(x as varchar(20)) = :number AND x < 0"
    )

    assert "the database cannot be asked" in trouble(shop(endless), "5")


@pytest.mark.postgresql
def test_all_numbers_of_a_mail_share_one_time_limit(
    shop: Callable[..., NumberLookup], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maildaemon.adapters.lookup._SECONDS", 1)
    slow = "SELECT 1 FROM pg_sleep(0.4) WHERE :number <> ''"

    assert "takes longer than 1 s" in trouble(shop(slow), *map(str, range(50)))


@pytest.mark.sqlite
def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    lookup = NumberLookup({"order": SqlRegister(lambda: f"sqlite:///{tmp_path}/none.db", QUERY)})

    assert "unable to open database file" in trouble(lookup)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nonsense", "Could not parse"),
        ("oracle://x@127.0.0.1/y", "No module named"),
        ("postgresql://x@127.0.0.1:1/y", "refused"),
        ("mysql://x@127.0.0.1:1/y", "refused"),
    ],
)
def test_an_address_that_leads_nowhere_says_so(address: str, said: str) -> None:
    lookup = NumberLookup({"order": SqlRegister(lambda: address, QUERY)})

    assert said in trouble(lookup)


@pytest.mark.sqlite
def test_an_address_that_is_not_set_is_no_failure() -> None:
    def address() -> str:
        raise SecretError("the variable is not set", where="x", advice="set it")

    lookup = NumberLookup({"order": SqlRegister(address, QUERY)})

    assert "the variable is not set" in trouble(lookup)


@pytest.mark.sqlite
def test_a_locked_database_is_only_read_beside_whoever_writes(tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    with closing(sqlite3.connect(file)) as shop:
        shop.execute("create table orders (number text)")
        shop.execute("insert into orders values ('1')")
        shop.commit()
        lookup = NumberLookup({"order": SqlRegister(lambda: f"sqlite:///{file}", QUERY)})

        assert asked(lookup, "1", "2") == [True, False]
