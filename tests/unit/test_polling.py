"""How often a mailbox is looked into."""

from maildaemon.services.polling import Polling


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def looks(polling: Polling, clock: Clock, seconds: int, every: int = 5) -> int:
    """Count the looks while time goes on."""
    count = 0
    for _ in range(0, seconds, every):
        clock.at += every
        count += polling.is_time()
    return count


def test_while_nobody_tells_of_news_each_tick_is_a_look() -> None:
    clock = Clock()
    polling = Polling(clock)

    assert looks(polling, clock, 3600) == 720


def test_a_quiet_mailbox_of_which_the_server_tells_is_looked_into_once_a_minute() -> None:
    clock = Clock()
    polling = Polling(clock)

    with polling.told():
        assert looks(polling, clock, 60) == 12
        assert looks(polling, clock, 120) == 2
        polling.stir()
        assert looks(polling, clock, 60) == 12
        assert looks(polling, clock, 120) == 2
    assert looks(polling, clock, 60) == 12


def test_no_mailbox_is_looked_into_less_often_than_its_owner_has_said() -> None:
    clock = Clock()
    polling = Polling(clock)

    with polling.told():
        assert looks(polling, clock, 36_000, every=90) == 400
