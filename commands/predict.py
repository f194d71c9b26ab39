"""`predict.py`: predict with a saved run. Needs nothing but the run folder."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import evaluation
from commands.command_line import flags_with_values, parse
from commands.run_flags import RunFlags, merge_flags, open_run_argument, select_fields
from console.messages import print_error, say, say_json, warn
from console.progress import phase
from data.readers.tokenization import replace_surrogates
from schema.configs import RENAME, DecodingConfig, is_utf8
from schema.errors import UserError
from schema.examples import Example
from tasks.task import parse_or_error
from training.saved_run import SavedRun

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Inputs = Sequence[Example | UserError]
"""Examples to predict; an error takes the place of an input that cannot be read."""


@dataclass(frozen=True)
class PredictFlags(RunFlags):
    """Predict with a saved run: python predict.py RUN [TEXT ...]; without a text, read --file or standard input.

    Every argument after -- is a text.
    """

    file: Path | None = None
    """One text per line, JSON lines with "text", a *.csv table, or sentences in a CoNLL format for the taggers."""
    json: bool = False
    """Print one JSON object per line."""


def main(argv: Sequence[str]) -> int:
    """Run the command; return the exit status."""
    run, rest = open_run_argument(argv, PredictFlags, "predict.py")
    flags_type = merge_flags(PredictFlags, run.task.predict_config_class)
    texts, flag_words = _texts_and_flags(rest, flags_type)
    flags = parse(flags_type, flag_words, "predict.py RUN [TEXT ...]")
    if texts and flags.file:
        raise UserError("texts and --file are two sources of input; use one")
    config = select_fields(run.task.predict_config_class, flags)
    inputs = _read_inputs(run, texts, flags.file, config)
    predictor = _Predictor(run, config, flags.json)
    if inputs is None:
        _interactive(predictor)
        return 0
    predictor.print_predictions(inputs)
    # By the exit status, a program knows that some inputs have no prediction.
    return 2 if any(isinstance(example, UserError) for example in inputs) else 0


def _texts_and_flags(words: Sequence[str], flags_type: type[PredictFlags]) -> tuple[list[str], list[str]]:
    """Separate the texts from the flags with their values; every word after `--` is a text."""
    texts: list[str] = []
    flags: list[str] = []
    with_values = flags_with_values(flags_type)
    rest = iter(words)
    for word in rest:
        if word == "--":
            texts += rest
        elif word.startswith("--") and not any(map(str.isspace, word.partition("=")[0])):
            flags.append(word)
            if word in with_values:
                flags += [value for value in [next(rest, None)] if value is not None]
        elif word == "-h":
            flags.append(word)
        else:
            texts.append(word)
    return texts, flags


def _read_inputs(run: SavedRun, texts: Sequence[str], file: Path | None, config: DecodingConfig) -> Inputs | None:
    """Inputs from the command line, a file or a pipe; None if standard input is a terminal."""
    if texts:
        return [_typed_input(run, text, config) for text in texts]
    if file:
        return run.task.read_inputs(file, config)
    if sys.stdin is None:
        raise UserError("no input: give a text after RUN, --file, or lines on standard input")
    if sys.stdin.isatty():
        return None
    lines = sys.stdin.buffer.read().decode("utf-8-sig", errors="replace").split("\n")
    if lines[-1] == "":
        lines.pop()
    return [parse_or_error(run.task, line.removesuffix("\r"), config) for line in lines]


def _typed_input(run: SavedRun, text: str, config: DecodingConfig) -> Example | UserError:
    """An argument of the command line, whose bytes need not be UTF-8; such a path cannot be shown or stored."""
    if run.task.input_is_path and not is_utf8(text):
        return UserError(f"{text}: {RENAME}")
    return parse_or_error(run.task, replace_surrogates(text), config)


class _Predictor:
    """A loaded run; starts TensorFlow."""

    def __init__(self, run: SavedRun, config: DecodingConfig, as_json: bool) -> None:
        self.run, self.config, self.as_json = run, config, as_json
        self.model, self.encoder = run.load()
        self.numbers = count(1)

    def print_predictions(self, inputs: Inputs) -> None:
        """Print one prediction or error for each input, in order.

        In JSON they have an id: the number of the input, which is that of its line in a file, or the path of an image.
        """
        task = self.run.task
        predictions = iter(self._predict([example for example in inputs if not isinstance(example, UserError)]))
        for example in inputs:
            number = next(self.numbers)
            if isinstance(example, UserError):
                self._print_error(example, number)
                continue
            prediction = next(predictions)
            if self.as_json:
                say_json({"id": task.example_id(example, number), **task.to_json(example, prediction)})
            else:
                say(task.format_prediction(example, prediction, self.config))
            if self.config.with_figures:
                for figure in task.figures(self.model, self.encoder, [example], [prediction]).values():
                    self._save_figure(figure)

    def _predict(self, examples: Sequence[Example]) -> Sequence[Any]:
        # Neither an encoder nor a model takes an empty batch.
        if not examples:
            return []
        with phase("predicting", announced=False):
            return self.run.task.predict(self.model, self.encoder, self.encoder.encode(examples), self.config)

    def _print_error(self, error: UserError, number: int) -> None:
        print_error(f"error: {error}")
        # One line of output for each line of input.
        if self.as_json:
            say_json({"id": number, "error": str(error)})
        else:
            say("")

    def _save_figure(self, figure: "Figure") -> None:
        """Write a figure into the run folder, under a new name."""
        folder = self.run.folder.path / "plots"
        folder.mkdir(exist_ok=True)
        path = next(path for number in count(1) if not (path := folder / f"prediction-{number:04}.png").exists())
        path.write_bytes(evaluation.plots.png(figure))
        warn(f"figure {path}")


def _interactive(predictor: _Predictor) -> None:
    task = predictor.run.task
    say(f"{task.summary} Type one {task.input_description} per line; Ctrl-D exits.")
    for line in _typed_lines():
        predictor.print_predictions([parse_or_error(task, line, predictor.config)])


def _typed_lines() -> Iterator[str]:
    while True:
        try:
            yield input("> ")
        except EOFError:
            say("")
            return
