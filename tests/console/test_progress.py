"""Progress: nothing for short work, plain lines in a pipe, bars on a terminal, no error if the stream is gone."""

import os
import re
import sys
import threading
from collections.abc import Iterator
from io import StringIO

import pytest

from console.count import time_in_words
from console.messages import warn
from console.progress import Progress, milestone, phase, track


class Clock:
    """Seconds that pass only when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(StringIO):
    """A terminal that does what the control sequences in its output say."""

    def isatty(self) -> bool:
        return True

    @property
    def lines(self) -> list[str]:
        """The lines that a person sees; the last one is that of the cursor."""
        lines, row, column = [""], 0, 0
        for part in re.findall(r"\x1b\[[^A-Za-z]*[A-Za-z]|[\r\n]|[^\x1b\r\n]+", self.getvalue()):
            if part == "\r":
                column = 0
            elif part == "\n":
                row, column = row + 1, 0
                lines += [""] * (row == len(lines))
            elif part == "\x1b[2K":
                lines[row] = ""
            elif part.endswith("A"):
                row -= int(part[2:-1])
            elif part.startswith("\x1b"):
                assert part.endswith("m"), part
            else:
                lines[row] = lines[row][:column].ljust(column) + part + lines[row][column + len(part) :]
                column += len(part)
        assert not any(lines[row + 1 :])
        return [line.rstrip() for line in lines[: row + 1]]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TERM", "xterm")
    return Terminal()


def numbers(count: int, clock: Clock, seconds_each: float) -> Iterator[int]:
    for number in range(count):
        yield number
        clock.now += seconds_each


@pytest.mark.parametrize("stream", [StringIO(), Terminal()], ids=["pipe", "terminal"])
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


def test_the_note_follows_the_numbers(clock: Clock) -> None:
    stream = StringIO()
    with Progress("training", 4000, "steps", clock=clock, stream=stream) as progress:
        progress.note("loss 0.31")
        for _ in range(2):
            clock.now += 1
            progress.advance(1000)
    assert stream.getvalue().splitlines()[0] == "training: 2,000/4,000 steps, 1,000 steps/s, 2 s left, loss 0.31"


@pytest.mark.parametrize("total", [None, 0, 3])
def test_without_a_valid_total_there_is_no_remaining_time(clock: Clock, total: int | None) -> None:
    stream = StringIO()
    with Progress("reading", total, "lines", clock=clock, stream=stream) as progress:
        clock.now += 2
        progress.advance(5)
    assert stream.getvalue().splitlines()[0] == "reading: 5 lines, 2.5 lines/s"


def test_remaining_time_is_unknown_until_the_rate_is(clock: Clock) -> None:
    stream = StringIO()
    with Progress("epoch 1 of 2", 101, "steps", clock=clock, stream=stream) as progress:
        clock.now += 30.0  # the first step compiles the model
        progress.advance()
        clock.now += 60.0  # and the model is evaluated
        progress.restart_rate()
        for _ in range(100):
            clock.now += 0.5
            progress.advance()
    first, second, *_ = stream.getvalue().splitlines()
    assert first == "epoch 1 of 2: 1/101 steps, 0.033 steps/s"
    assert second == "epoch 1 of 2: 2/101 steps, 0.022 steps/s"
    # At 2 steps per second: neither the first step nor what came after it counts.
    assert stream.getvalue().splitlines()[2] == "epoch 1 of 2: 22/101 steps, 2 steps/s, 40 s left"


def test_one_is_singular(clock: Clock) -> None:
    stream = StringIO()
    with Progress("predicting", 1, "examples", clock=clock, stream=stream) as progress:
        clock.now += 4
        progress.advance()
    assert stream.getvalue().splitlines()[-1] == "predicting: 1 example in 4 s, 0.25 examples/s"


def test_a_phase_is_announced_in_a_pipe_before_it_begins(clock: Clock) -> None:
    stream = StringIO()
    with phase("loading TensorFlow", clock=clock, stream=stream):
        assert stream.getvalue() == "loading TensorFlow\n"
        clock.now += 9
        with phase("validating", announced=False, clock=clock, stream=stream):
            clock.now += 9
    assert stream.getvalue() == "loading TensorFlow\n"


def test_a_terminal_shows_a_phase_at_once_and_keeps_a_long_one(clock: Clock, terminal: Terminal) -> None:
    with phase("loading TensorFlow", clock=clock, stream=terminal):
        assert terminal.lines[-1].endswith(" loading TensorFlow: 0 s")
        clock.now += 5
        with phase("validating", announced=False, clock=clock, stream=terminal):
            assert " loading TensorFlow: 5 s" in terminal.lines[0]
            assert " validating: 0 s" in terminal.lines[1]
            clock.now += 4
        assert [" loading TensorFlow: 9 s" in line for line in terminal.lines] == [True]
    assert " loading TensorFlow: 9 s" in terminal.lines[0]
    assert terminal.lines[1:] == [""]
    with phase("fitting the encoder", clock=clock, stream=terminal):
        clock.now += 1
    assert len(terminal.lines) == 2


def test_a_terminal_moves_while_nothing_is_reported(terminal: Terminal) -> None:
    with phase("loading TensorFlow", stream=terminal):
        before = len(terminal.getvalue())
        # Ends with the first drawing that nobody asked for; without one, the test runs into its timeout.
        while len(terminal.getvalue()) == before:
            os.sched_yield()


def test_other_output_does_not_mix_with_a_bar(
    clock: Clock, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Progress("training", 40, "steps", clock=clock, stream=terminal) as training:
        advance_to(training, clock, 10)
        monkeypatch.setattr(sys, "stderr", terminal)
        milestone("epoch 1: validation accuracy 61.61")
        warn("one of the classes is rare")
        monkeypatch.undo()
        assert terminal.lines[:2] == ["epoch 1: validation accuracy 61.61", "note: one of the classes is rare"]
        assert " training: 25%" in terminal.lines[2]


def test_track_yields_every_item_and_knows_the_length(clock: Clock) -> None:
    stream = StringIO()
    seen = []
    for word in track(["a", "b", "c", "d"], "reading", clock=clock, stream=stream):
        seen.append(word)
        clock.now += 3
    assert seen == ["a", "b", "c", "d"]
    assert stream.getvalue().startswith("reading: 1/4 texts")


def test_an_error_is_raised_and_no_line_claims_that_the_work_is_done(clock: Clock) -> None:
    stream = StringIO()
    with pytest.raises(KeyError), Progress("reading", 9, clock=clock, stream=stream) as progress:
        clock.now += 3
        progress.advance()
        raise KeyError
    assert stream.getvalue().splitlines() == ["reading: 1/9 texts, 0.33 texts/s"]


def test_a_terminal_gets_one_bar_with_rate_remaining_time_and_note(clock: Clock, terminal: Terminal) -> None:
    with Progress("training", 40, "steps", clock=clock, stream=terminal) as progress:
        progress.note("loss 0.31")
        for _ in range(20):
            clock.now += 0.5
            progress.advance()
        (line,) = terminal.lines
    assert "training: 50%" in line
    assert "20/40 steps in 10 s" in line
    assert "2 steps/s" in line
    assert "10 s left" in line
    assert "loss 0.31" in line
    assert line.count("━") + line.count("╺") + line.count("╸") > 30
    assert terminal.getvalue().endswith("\n")
    assert "20 steps in 10 s, 2 steps/s, loss 0.31" in terminal.lines[0]
    assert terminal.lines[1:] == [""]


def test_a_bar_shows_the_recent_rate(clock: Clock, terminal: Terminal) -> None:
    with Progress("training", 1000, "steps", clock=clock, stream=terminal) as progress:
        for seconds in [20.0] + [0.5] * 80:  # the first step also compiles the model
            clock.now += seconds
            progress.advance()
        assert "81/1,000 steps in 1 min 00 s, 2 steps/s, 7 min 40 s left" in terminal.lines[0]


@pytest.mark.parametrize("total", [None, 3])
def test_a_bar_without_a_valid_total_shows_no_percentage_and_no_remaining_time(
    clock: Clock, terminal: Terminal, total: int | None
) -> None:
    with Progress("reading", total, "lines", clock=clock, stream=terminal) as progress:
        clock.now += 2
        progress.advance(5)
        assert terminal.lines[0].endswith(" reading: 5 lines in 2 s, 2.5 lines/s")


def test_a_narrow_terminal_gets_one_line_that_begins_with_the_numbers(
    clock: Clock, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    with Progress("training", 40, "steps", clock=clock, stream=terminal) as progress:
        progress.note("loss 0.31")
        clock.now += 10
        progress.advance(20)
        assert terminal.lines == ["training: 50%, 20/40 steps in 10 s, 2 s…"]


def test_a_terminal_without_cursor_movement_gets_plain_lines(
    clock: Clock, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "dumb")
    with Progress("encoding", 8, clock=clock, stream=terminal) as progress:
        clock.now += 2
        progress.advance(4)
    assert terminal.getvalue() == "encoding: 4/8 texts, 2 texts/s\nencoding: 4 texts in 2 s, 2 texts/s\n"


def advance_to(progress: Progress, clock: Clock, steps: int) -> None:
    clock.now += 3
    progress.advance(steps)


def test_an_inner_bar_is_drawn_below_the_outer_one_and_left_above_it(clock: Clock, terminal: Terminal) -> None:
    with Progress("training", 40, "steps", clock=clock, stream=terminal) as training:
        for epoch in (1, 2):
            advance_to(training, clock, 10)
            with Progress("predicting", 5, clock=clock, stream=terminal) as predicting:
                advance_to(predicting, clock, 3)
                *finished, outer, inner = terminal.lines
                assert [" predicting: 100%, 5 texts in 6 s" in line for line in finished] == [True] * (epoch - 1)
                assert f" training: {25 * epoch}%, {10 * epoch}/40 steps" in outer
                assert " predicting: 60%, 3/5 texts in 3 s" in inner
                advance_to(predicting, clock, 2)
            assert " predicting: 100%, 5 texts in 6 s" in terminal.lines[-2]
            assert f" training: {25 * epoch}%" in terminal.lines[-1]
    assert [line.partition(" in ")[0].partition("predicting: ")[2] for line in terminal.lines[:2]] == 2 * [
        "100%, 5 texts"
    ]
    assert " training: 50%, 20 steps in" in terminal.lines[2]
    assert terminal.lines[3:] == [""]


def test_bars_may_end_in_any_order(clock: Clock, terminal: Terminal) -> None:
    first = Progress("first", 8, clock=clock, stream=terminal)
    second = Progress("second", 8, clock=clock, stream=terminal)
    for progress in (first, second):
        progress.__enter__()
        advance_to(progress, clock, 8)
    first.__exit__(None, None, None)
    assert [" first: 100%" in terminal.lines[0], " second: 100%" in terminal.lines[1]] == [True, True]
    second.__exit__(None, None, None)
    with Progress("third", 8, clock=clock, stream=terminal) as third:
        advance_to(third, clock, 4)
    assert [line.split(":")[0].split()[-1] for line in terminal.lines[:-1]] == ["first", "second", "third"]
    assert terminal.lines[-1] == ""


def test_an_error_leaves_no_thread_and_no_bar_behind(clock: Clock, terminal: Terminal) -> None:
    before = set(threading.enumerate())
    with pytest.raises(KeyboardInterrupt), Progress("training", 9, "steps", clock=clock, stream=terminal) as training:
        advance_to(training, clock, 3)
        with Progress("predicting", 9, clock=clock, stream=terminal) as predicting:
            advance_to(predicting, clock, 3)
            raise KeyboardInterrupt
    for thread in set(threading.enumerate()) - before:
        thread.join()
    # The numbers say how far the work came, not that it is done.
    assert " predicting: 33%, 3/9 texts" in terminal.lines[0]
    assert " training: 33%, 3/9 steps" in terminal.lines[1]
    with Progress("again", 9, clock=clock, stream=terminal) as again:
        advance_to(again, clock, 3)
        assert " again: 33%" in terminal.lines[-1]


def test_a_terminal_that_is_gone_does_not_end_the_work(clock: Clock, terminal: Terminal) -> None:
    finished = []
    for number in track(numbers(5, clock, 3.0), "reading", 5, clock=clock, stream=terminal):
        if number == 3:
            assert " reading: 60%, 3/5 texts" in terminal.lines[-1]
            # Still a terminal in the eyes of the bar.
            terminal.close()
        finished.append(number)
    assert finished == [0, 1, 2, 3, 4]


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
def test_times_are_formatted_for_people(seconds: float, words: str) -> None:
    assert time_in_words(seconds) == words
