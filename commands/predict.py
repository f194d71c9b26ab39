"""`predict.py`: ask a saved run. It needs nothing but the run folder."""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commands.command_line import flags_with_values, parse
from commands.run_flags import RunFlags, merge_flags, run_and_flags, runs_folder, select_fields
from console.messages import print_error, say, warn
from data.readers.tokenization import replace_surrogates
from schema.configs import DecodingConfig
from schema.errors import UserError
from training.saved_run import SavedRun, open_run

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class PredictFlags(RunFlags):
    """Ask a saved run: python predict.py RUN [TEXT ...]; without a text, lines of --file or of standard input.

    What stands after -- is a text, however it begins.
    """

    file: Path | None = None
    """One text a line, or JSON lines with "text"."""
    json: bool = False
    """Print one JSON object a line, for programs."""


def main(argv: Sequence[str]) -> int:
    """Run the command; gives the exit status."""
    reference, rest = run_and_flags(argv)
    if reference is None:
        parse(PredictFlags, _texts_and_flags(rest, PredictFlags)[1], "predict.py RUN [TEXT ...]")
        raise UserError("say which run: predict.py RUN, where RUN is a path, TASK/NAME, NAME or latest")
    run = open_run(reference, runs_folder(rest))
    flags_type = merge_flags(PredictFlags, run.task.predict_config_class)
    texts, flags = _texts_and_flags(rest, flags_type)
    options = parse(flags_type, flags, "predict.py RUN [TEXT ...]")
    if texts and options.file:
        raise UserError("texts and --file are two sources; take one")
    config = select_fields(run.task.predict_config_class, options)
    questions = _questions(run, texts, options.file, config)
    answerer = _Answerer(run, config, options.json)
    if questions is None:
        _interactive(run, answerer)
        return 0
    answerer.answer(questions)
    # What could be answered was; a program still has to know that not all was.
    return 2 if any(isinstance(question, UserError) for question in questions) else 0


def _texts_and_flags(words: Sequence[str], flags_type: type[PredictFlags]) -> tuple[list[str], list[str]]:
    """The words that are texts, and those that are flags with their values; after `--` all are texts."""
    texts: list[str] = []
    flags: list[str] = []
    valued = flags_with_values(flags_type)
    rest = iter(words)
    for word in rest:
        if word == "--":
            texts += rest
        elif word.startswith("--") and not any(map(str.isspace, word.partition("=")[0])):
            flags.append(word)
            if word in valued:
                flags += [value for value in [next(rest, None)] if value is not None]
        elif word == "-h":
            flags.append(word)
        else:
            texts.append(word)
    return texts, flags


def _questions(run: SavedRun, texts: Sequence[str], file: Path | None, config: DecodingConfig) -> list[Any] | None:
    """Everything that is asked, a UserError in place of what cannot be; or None for a person at a terminal."""
    if texts:
        return [run.task.parse_or_error(replace_surrogates(text), config) for text in texts]
    if file:
        return run.task.read_inputs(file, config)
    if sys.stdin is None:
        raise UserError("there is no text: give one after RUN, or --file, or lines on standard input")
    if sys.stdin.isatty():
        return None
    lines = sys.stdin.buffer.read().decode("utf-8-sig", errors="replace").split("\n")
    if lines[-1] == "":
        lines.pop()
    return [run.task.parse_or_error(line.removesuffix("\r"), config) for line in lines]


class _Answerer:
    """A loaded run; TensorFlow starts when it is made."""

    def __init__(self, run: SavedRun, config: DecodingConfig, as_json: bool) -> None:
        self.run, self.config, self.as_json = run, config, as_json
        self.encoder = run.load_encoder()

        from console.quiet import start_tensorflow

        start_tensorflow()
        self.model = run.load_model()

    def answer(self, questions: Sequence[Any]) -> None:
        """Print one answer for each question, in order, or what is wrong with it."""
        task, asked = self.run.task, [question for question in questions if not isinstance(question, UserError)]
        answers = iter(task.predict(self.model, self.encoder, self.encoder.encode(asked), self.config) if asked else ())
        for question in questions:
            if isinstance(question, UserError):
                self._refuse(question)
                continue
            answer = next(answers)
            if self.as_json:
                say(json.dumps(task.to_json(question, answer), ensure_ascii=False))
            else:
                say(task.format_prediction(question, answer, self.config))
            picture = task.picture(question, answer)
            if picture is not None:
                self._keep(picture)

    def _refuse(self, error: UserError) -> None:
        print_error(f"error: {error}")
        # A line out for each line in.
        say(json.dumps({"error": str(error)}, ensure_ascii=False) if self.as_json else "")

    def _keep(self, picture: "Figure") -> None:
        """Write a picture into the run folder, beside those of before."""
        from evaluation.plots import png

        folder = self.run.folder.path / "plots"
        folder.mkdir(exist_ok=True)
        path = next(path for number in count(1) if not (path := folder / f"asked-{number:04}.png").exists())
        path.write_bytes(png(picture))
        warn(f"picture {path}")


def _interactive(run: SavedRun, answerer: _Answerer) -> None:
    say(f"{run.task.summary} One {run.task.question} a line; Ctrl-D ends.")
    for line in _typed():
        answerer.answer([run.task.parse_or_error(line, answerer.config)])


def _typed() -> Iterator[str]:
    while True:
        try:
            yield input("> ")
        except EOFError:
            say("")
            return
