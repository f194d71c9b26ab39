"""`predict.py`: ask a saved run. It needs nothing but the run folder."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from commands.command_line import parse
from commands.run_flags import RunFlags, run_and_flags
from console.messages import say
from schema.errors import UserError
from training.saved_run import SavedRun, open_run


@dataclass(frozen=True)
class PredictFlags(RunFlags):
    """Ask a saved run: python predict.py RUN [TEXT ...]; without a text, lines of --file or of standard input."""

    file: Path | None = None
    """One text a line, or JSON lines with "text"."""
    json: bool = False
    """Print one JSON object a line, for programs."""


def main(argv: Sequence[str]) -> int:
    """Run the command; gives the exit status."""
    reference, rest = run_and_flags(argv)
    texts, flags = _texts_and_flags(rest)
    options = parse(PredictFlags, flags, "predict.py RUN [TEXT ...]")
    if reference is None:
        raise UserError("say which run: predict.py RUN, where RUN is a path, TASK/NAME, NAME or latest")
    if texts and options.file:
        raise UserError("texts and --file are two sources; take one")
    run = open_run(reference, options.runs)
    questions = _questions(run, texts, options.file)
    answerer = _Answerer(run, options.json)
    if questions is None:
        _converse(run, answerer)
    else:
        answerer.answer(questions)
    return 0


def _texts_and_flags(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words that are texts, and those that are flags with their values; after `--` all are texts."""
    texts: list[str] = []
    flags: list[str] = []
    rest = iter(words)
    for word in rest:
        if word == "--":
            texts += rest
        elif word.startswith("--"):
            flags.append(word)
            if word in ("--file", "--runs"):
                flags += [value for value in [next(rest, None)] if value is not None]
        elif word == "-h":
            flags.append(word)
        else:
            texts.append(word)
    return texts, flags


def _questions(run: SavedRun, texts: Sequence[str], file: Path | None) -> list[Any] | None:
    """Everything that is asked, or None for a person at a terminal."""
    if texts:
        return [run.task.read_question(text) for text in texts]
    if file:
        return run.task.read_questions(file)
    if sys.stdin is None:
        raise UserError("there is no text: give one after RUN, or --file, or lines on standard input")
    if sys.stdin.isatty():
        return None
    lines = sys.stdin.buffer.read().decode("utf-8-sig", errors="replace").split("\n")
    if lines[-1] == "":
        lines.pop()
    return [run.task.read_question(line.removesuffix("\r")) for line in lines]


class _Answerer:
    """A loaded run; TensorFlow starts when it is made."""

    def __init__(self, run: SavedRun, as_json: bool) -> None:
        self.run, self.as_json = run, as_json
        self.encoder = run.load_encoder()

        from console.quiet import start_tensorflow

        start_tensorflow()
        self.model = run.load_model()

    def answer(self, questions: Sequence[Any]) -> None:
        """Print one answer for each question, in order."""
        if not questions:
            return
        task = self.run.task
        encoded = self.encoder.encode(questions)
        config = task.AnswerConfig()
        answers = task.answer(self.model, self.encoder, encoded, config)
        for question, answer in zip(questions, answers, strict=True):
            if self.as_json:
                say(json.dumps(task.as_json(question, answer), ensure_ascii=False))
            else:
                say(task.render(question, answer, config))


def _converse(run: SavedRun, answerer: _Answerer) -> None:
    say(f"{run.task.summary} One text a line; Ctrl-D ends.")
    for line in _typed():
        answerer.answer([run.task.read_question(line)])


def _typed() -> Iterator[str]:
    while True:
        try:
            yield input("> ")
        except EOFError:
            say("")
            return
