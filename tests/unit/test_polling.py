"""How often a mailbox is looked into."""

from maildaemon.services.polling import Polling


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def looks(polling: Polling, ticks: int) -> int:
    return sum(polling.is_time() for _ in range(ticks))


def test_while_nobody_tells_of_news_each_tick_is_a_look() -> None:
    clock = Clock()
    polling = Polling(clock)
    clock.at = 3600

    assert looks(polling, 12) == 12


def test_a_quiet_mailbox_of_which_the_server_tells_is_looked_into_less_often() -> None:
    clock = Clock()
    polling = Polling(clock)

    with polling.told():
        assert looks(polling, 12) == 12
        clock.at = 61
        assert looks(polling, 12) == 2
        polling.stir()
        assert looks(polling, 12) == 12
        clock.at = 122
        assert looks(polling, 12) == 2
    assert looks(polling, 12) == 12
