"""Mutated input files through reading, encoding, prediction, scoring and JSON: only UserError may be raised."""

import io
import json
import random
from collections.abc import Sequence
from contextlib import redirect_stderr
from pathlib import Path

from console.quiet import start_tensorflow
from schema.errors import UserError
from schema.examples import CaptionedImage, Example, LabelledText, TaggedSentence, TextPair
from schema.file_format import FileFormat
from training.run_folder import finite
from training.saved_run import SavedRun, open_run

EXAMPLES = 3
"""Number of examples in a file: enough for lists, few for speed."""
INSERTIONS = tuple(
    text.encode("utf-8", "surrogatepass")
    for text in (
        *("\0", "\t", "\n", "\n\n", "\r", "\r\n", " ", "\ufeff", "\u2028", "\u202e", "\x1b[31m", "\ud800", "\u0301"),
        *(
            '"',
            "'",
            ",",
            ";",
            "\\",
            "{",
            "}",
            "[" * 2000,
            "1e999",
            '"\\ud800"',
            "null",
            "NaN",
            '{"text": 1}',
            "é" * 300,
        ),
        *("-1", "99999999999999999999", "B-", "I-PER", "_", "#", "1-2\t", "1.1\t", "日本語", "שלום", "🙂", "٣", "\x85"),
    )
) + (b"\xff", b"\xc3", b"\xf0\x9f")


def mutate(content: bytes, rng: random.Random) -> bytes:
    """Change one to four places of a file."""
    for _ in range(rng.randint(1, 4)):
        start = rng.randint(0, len(content))
        end = min(len(content), start + rng.choice((1, 2, 5, 30)))
        change = rng.randrange(5)
        if change == 0:
            content = content[:start] + rng.choice(INSERTIONS) + content[start:]
        elif change == 1:
            content = content[:start] + content[end:]
        elif change == 2:
            content = content[:end] + content[start:end] * rng.choice((1, 2, 50)) + content[end:]
        elif change == 3 and start < len(content):
            content = content[:start] + bytes([content[start] ^ 1 << rng.randrange(8)]) + content[start + 1 :]
        elif rng.random() < 0.2:
            content = content[:start]
    return content


def write_files(examples: Sequence[object], home: Path) -> list[Path]:
    """Write the examples in every format of their kind; return the paths, folders for images."""
    home.mkdir(parents=True, exist_ok=True)
    files: dict[str, bytes] = {}
    if images := [each for each in examples if isinstance(each, CaptionedImage)]:
        files |= {f"images/{number}.png": each.image for number, each in enumerate(images)}
        rows = [f"{number}.png,{caption}" for number, each in enumerate(images) for caption in each.captions]
        files["images/captions.txt"] = "\n".join(["image,caption", *rows]).encode()
    for example in examples:
        for name, line in _lines(example).items():
            files[name] = files.get(name, b"") + line.encode()
    for name, content in files.items():
        (home / name).parent.mkdir(exist_ok=True)
        (home / name).write_bytes(content)
    return sorted({home / Path(name).parts[0] for name in files})


def _lines(example: object) -> dict[str, str]:
    """Name of a file -> the example in its format."""
    if isinstance(example, LabelledText):
        rows = {"text": example.text, "label": example.label}
        return {"texts.tsv": f"{example.text}\t{example.label}\n", "texts.jsonl": json.dumps(rows) + "\n"}
    if isinstance(example, TextPair):
        pair = {"source": example.source, "target": example.target}
        flat = example.source.replace("\n", " ")
        return {"pairs.tsv": f"{flat}\t{example.target}\n", "pairs.jsonl": json.dumps(pair) + "\n"}
    if isinstance(example, TaggedSentence):
        pairs = list(zip(example.words, example.tags, strict=True))
        rows10 = [f"{number}\t{word}\t_\t{tag}" + "\t_" * 6 for number, (word, tag) in enumerate(pairs, 1)]
        two = "\n".join(f"{word} {tag}" for word, tag in pairs)
        return {"words.conllu": "\n".join(rows10) + "\n\n", "words.conll": two + "\n\n"}
    return {}


def mutated_files_faults(path: Path, count: int, home: Path, rng: random.Random) -> list[str]:
    """Try `count` mutated files with the run at `path`; return a line for each that failed.

    Starts TensorFlow in this process.
    """
    run = open_run(str(path), path.parents[1])
    start_tensorflow()
    trial = _Trial(run)
    originals = write_files(run.task.splits(run.config).validation[:EXAMPLES], home / "valid")
    faults = []
    for number in range(count):
        source = originals[number % len(originals)]
        file = _mutated(source, home / f"{number}-{source.name}", rng)
        try:
            with redirect_stderr(io.StringIO()):
                trial.run_file(file)
        except UserError:
            continue
        # Whatever else a file causes is what this bench looks for.
        except Exception as error:
            faults.append(f"{file}: {type(error).__name__}: {str(error)[:200]}")
    return faults


def _mutated(source: Path, target: Path, rng: random.Random) -> Path:
    if source.is_file():
        target.write_bytes(mutate(source.read_bytes(), rng))
        return target
    target.mkdir()
    changed = rng.choice(sorted(source.iterdir()))
    for file in source.iterdir():
        content = file.read_bytes()
        (target / file.name).write_bytes(mutate(content, rng) if file == changed else content)
    return target


class _Trial:
    """A loaded run that reads, encodes, predicts and scores files as the commands do."""

    def __init__(self, run: SavedRun) -> None:
        self.task, self.config = run.task, run.task.predict_config_class().for_validation()
        self.model, self.encoder = run.load()
        self.seen = run.load_seen()

    def run_file(self, path: Path) -> None:
        """As evaluate.py --file and predict.py --file. Raises UserError, and ValueError for a missing prediction."""
        if path.is_file():
            inputs = self.task.read_inputs(path, self.config)
            self._predict([each for each in inputs if not isinstance(each, UserError)])
        examples = self.task.read_file(path, FileFormat())
        scores = self.task.scores(examples, self._predict(examples), self.seen)
        json.dumps(finite(scores.values), allow_nan=False)

    def _predict(self, examples: Sequence[Example]) -> Sequence[object]:
        if not examples:
            return []
        predictions = self.task.predict(self.model, self.encoder, self.encoder.encode(examples), self.config)
        if len(predictions) != len(examples):
            raise ValueError(f"{len(predictions)} predictions for {len(examples)} inputs")
        for example, prediction in zip(examples, predictions, strict=True):
            text = json.dumps(finite(self.task.to_json(example, prediction)), allow_nan=False, ensure_ascii=False)
            text.encode("utf-8", "surrogatepass")
            self.task.format_prediction(example, prediction, self.config)
        return predictions
