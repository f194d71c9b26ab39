"""Scoring a model on a split: the one way, for training and for `evaluate.py`."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data.cache import cached, default_cache, digest
from schema.configs import DecodingConfig, TrainingConfig
from schema.examples import Splits
from schema.records import Baselines
from schema.scores import ScoredExample, Scores
from tasks.task import Encoder, Task

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Evaluation:
    """Examples, the answers to them, and how good these are."""

    examples: Sequence[Any]
    answers: Sequence[Any]
    scores: Scores

    def samples(self, task: Task[Any, Any]) -> list[ScoredExample]:
        """Each example beside its answer."""
        return [task.to_scored_example(*pair) for pair in zip(self.examples, self.answers, strict=True)]

    def lines(self, task: Task[Any, Any]) -> Iterator[Mapping[str, Any]]:
        """A row for each example of `predictions/SPLIT.jsonl`."""
        for sample, example, answer in zip(self.samples(task), self.examples, self.answers, strict=True):
            yield {"reference": sample.reference, "answer": task.to_json(example, answer), "score": sample.score}

    def without(self, task: Task[Any, Any], encoder: Encoder[Any], places: frozenset[int]) -> "Evaluation":
        """The same answers scored anew, those at `places` left out."""
        kept = [place for place in range(len(self.examples)) if place not in places]
        examples, answers = [self.examples[i] for i in kept], [self.answers[i] for i in kept]
        return Evaluation(examples, answers, task.score(encoder, examples, answers))


def score_split(
    task: Task[Any, Any],
    model: "keras.Model",
    encoder: Encoder[Any],
    examples: Sequence[Any],
    config: DecodingConfig,
) -> Evaluation:
    """Answer and score `examples`; there is at least one."""
    answers = task.predict(model, encoder, encoder.encode(examples), config)
    return Evaluation(examples, answers, task.score(encoder, examples, answers))


def score_baselines(
    task: Task[Any, Any],
    config: TrainingConfig,
    splits: Splits[Any],
    parts: Mapping[str, Sequence[Any]],
    encoder: Encoder[Any],
) -> Baselines:
    """Scores of the task's baselines on `parts`, kept in the cache: no training changes them."""
    examples = {part: digest([repr(example) for example in part_of]) for part, part_of in parts.items()}
    train = digest([repr(example) for example in splits.train])
    return cached(
        config.cache or default_cache(),
        "baselines",
        digest(task.name, task.baseline_cache_key(config), splits.source, train, examples),
        save=lambda kept, folder: _path(folder).write_text(json.dumps(asdict(kept))) and None,
        load=lambda folder: Baselines(**json.loads(_path(folder).read_text())),
        compute=lambda: _measured(task.baselines(splits.train, splits.validation, parts, encoder, config)),
    )


def _measured(scored: Mapping[str, Mapping[str, Scores]]) -> Baselines:
    return Baselines(
        values={name: {part: scores.values for part, scores in by_part.items()} for name, by_part in scored.items()},
        intervals={
            name: {part: scores.intervals for part, scores in by_part.items()} for name, by_part in scored.items()
        },
    )


def _path(folder: Path) -> Path:
    return folder / "scores.json"
