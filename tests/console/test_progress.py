"""Progress: silent for short work, whole lines in a pipe, a bar on a terminal, no harm where nobody reads."""

from collections.abc import Iterator
from io import StringIO

import pytest

from console.progress import Progress, time_in_words, track


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("tqdm.std.time", clock)
    return clock


def numbers(count: int, clock: Clock, seconds_each: float) -> Iterator[int]:
    for number in range(count):
        yield number
        clock.now += seconds_each


@pytest.mark.parametrize("stream", [StringIO(), Terminal()])
def test_work_of_less_than_two_seconds_shows_nothing(clock: Clock, stream: StringIO) -> None:
    for _ in track(numbers(19, clock, 0.1), "encoding", 19, clock=clock, stream=stream):
        pass
    assert stream.getvalue() == ""


def test_a_pipe_gets_a_line_after_two_seconds_then_every_ten_and_a_last_one(clock: Clock) -> None:
    stream = StringIO()
    with Progress("encoding", 50, clock=clock, stream=stream) as progress:
        for _ in range(50):
            clock.now += 0.5
            progress.advance()
    assert stream.getvalue().splitlines() == [
        "encoding: 4/50 texts, 2 texts/s, 23 s left",
        "encoding: 24/50 texts, 2 texts/s, 13 s left",
        "encoding: 44/50 texts, 2 texts/s, 3 s left",
        "encoding: 50 texts in 25 s, 2 texts/s",
    ]


def test_the_note_stands_behind_the_numbers(clock: Clock) -> None:
    stream = StringIO()
    with Progress("training", 4000, "steps", clock=clock, stream=stream) as progress:
        progress.note("loss 0.31")
        clock.now += 4
        progress.advance(2000)
    assert stream.getvalue().splitlines()[0] == "training: 2,000/4,000 steps, 500 steps/s, 4 s left, loss 0.31"


@pytest.mark.parametrize("total", [None, 0, 3])
def test_without_a_total_that_holds_no_remaining_time_is_made_up(clock: Clock, total: int | None) -> None:
    stream = StringIO()
    with Progress("reading", total, "lines", clock=clock, stream=stream) as progress:
        clock.now += 2
        progress.advance(5)
    assert stream.getvalue().splitlines()[0] == "reading: 5 lines, 2.5 lines/s"


def test_track_gives_every_item_and_finds_the_length_out(clock: Clock) -> None:
    stream = StringIO()
    seen = []
    for word in track(["a", "b", "c", "d"], "reading", clock=clock, stream=stream):
        seen.append(word)
        clock.now += 3
    assert seen == ["a", "b", "c", "d"]
    assert stream.getvalue().startswith("reading: 1/4 texts")


def test_an_error_goes_through_and_nothing_claims_to_be_done(clock: Clock) -> None:
    stream = StringIO()
    with pytest.raises(KeyError), Progress("reading", 9, clock=clock, stream=stream) as progress:
        clock.now += 3
        progress.advance()
        raise KeyError
    assert stream.getvalue().splitlines() == ["reading: 1/9 texts, 0.33 texts/s, 24 s left"]


def test_a_terminal_gets_one_bar_with_rate_remaining_time_and_note(clock: Clock) -> None:
    stream = Terminal()
    with Progress("training", 40, "steps", clock=clock, stream=stream) as progress:
        progress.note("loss 0.31")
        for _ in range(20):
            clock.now += 0.5
            progress.advance()
        shown = stream.getvalue().split("\r")[-1]
    assert "training:  50%" in shown
    assert "20/40 [00:10<00:10" in shown
    assert "2.00 steps/s" in shown
    assert "loss 0.31" in shown
    assert stream.getvalue().endswith("\n")


def test_a_stream_that_is_gone_does_not_end_the_work(clock: Clock) -> None:
    closed = StringIO()
    closed.close()
    assert list(track(numbers(5, clock, 3.0), "reading", clock=clock, stream=closed)) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (185, "3 min 05 s"),
        (3599.7, "1 h 00 min"),
        (7620, "2 h 07 min"),
    ],
)
def test_times_are_said_as_people_say_them(seconds: float, words: str) -> None:
    assert time_in_words(seconds) == words
