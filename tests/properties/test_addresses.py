"""An address that can be read in one way only is read as mail-parser reads it, without asking it."""

from hypothesis import given
from hypothesis import strategies as st
from mailparser.utils import get_addresses

from maildaemon.domain.message import Address
from maildaemon.mail.addresses import parse_addressing

_LETTERS = st.text("abzABZ019", min_size=1, max_size=4)
_MARKS = st.sampled_from([".", "-", "_", "+", "..", "", " ", "@", ",", ":", "<", ">", '"'])


def _joined(marks: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.lists(st.tuples(_LETTERS, marks), max_size=3)
    return st.builds(lambda before, last: "".join(map("".join, before)) + last, pairs, _LETTERS)


_NAMES = st.one_of(st.just(""), _joined(st.just(" ")), _joined(_MARKS))
_ADDRESSES = st.builds("{}@{}".format, _joined(_MARKS), _joined(_MARKS))


@given(_NAMES, _ADDRESSES, st.sampled_from(["{} <{}>", "{}<{}>", "{} {}", "{}{}"]))
def test_an_address_is_read_as_the_library_reads_it(name: str, address: str, form: str) -> None:
    value = form.format(name, address).strip()

    found = parse_addressing({"to": (value,)}).to

    doubts: list[dict[str, object]] = []
    read = get_addresses(value, defects=doubts, decode_names=True)
    if read and not doubts:
        assert found == tuple(Address(name, address) for name, address in read)
