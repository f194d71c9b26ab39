"""Scores of a model and of the baselines on a split, for training and for `evaluate.py` alike."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Generic

from data.cache import cache_folder, cached, digest
from schema.configs import DecodingConfig, TrainingConfig
from schema.examples import Example, ExampleT, Splits
from schema.predictions import PredictionT
from schema.records import Baselines
from schema.scores import ScoredExample, Scores, SeenInTraining
from tasks.task import AnyTask, Encoder, score_predictors

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Evaluation(Generic[ExampleT, PredictionT]):
    """The examples of a split, the prediction for each, and the scores of the predictions."""

    examples: Sequence[ExampleT]
    predictions: Sequence[PredictionT]
    scores: Scores

    def scored_examples(self, task: AnyTask) -> list[ScoredExample]:
        """Each example with its prediction, for the report."""
        return [task.to_scored_example(*pair) for pair in zip(self.examples, self.predictions, strict=True)]

    def rows(self, task: AnyTask) -> Iterator[Mapping[str, object]]:
        """The rows of `predictions/SPLIT.jsonl`; id: index of the example in its split, or name of its image."""
        scored = self.scored_examples(task)
        for index, (shown, example, prediction) in enumerate(zip(scored, self.examples, self.predictions, strict=True)):
            yield {
                "id": task.example_id(example, index),
                "input": shown.input,
                "reference": shown.reference,
                "prediction": task.to_json(example, prediction),
                "score": shown.score,
            }

    def without(
        self, indices: frozenset[int], task: AnyTask, seen: SeenInTraining
    ) -> "Evaluation[ExampleT, PredictionT]":
        """The same predictions without those at `indices`, scored again."""
        kept = [index for index in range(len(self.examples)) if index not in indices]
        examples = [self.examples[index] for index in kept]
        predictions = [self.predictions[index] for index in kept]
        return Evaluation(examples, predictions, task.scores(examples, predictions, seen))


def score_split(
    task: AnyTask,
    model: "keras.Model",
    encoder: Encoder[ExampleT],
    seen: SeenInTraining,
    examples: Sequence[ExampleT],
    config: DecodingConfig,
) -> Evaluation[ExampleT, object]:
    """Predict and score `examples`, at least one."""
    predictions = task.predict(model, encoder, encoder.encode(examples), config)
    return Evaluation(examples, predictions, task.scores(examples, predictions, seen))


def score_baselines(
    task: AnyTask,
    config: TrainingConfig,
    splits: Splits[ExampleT],
    evaluated: Mapping[str, Sequence[ExampleT]],
    encoder: Encoder[ExampleT],
    seen: SeenInTraining,
) -> Baselines:
    """Score the task's baselines on `evaluated`, a mapping from split to examples.

    The scores are cached, since they do not depend on the training of a model.
    """
    return cached(
        cache_folder(config.cache),
        "baselines",
        digest(
            task.name,
            task.baseline_cache_key(config),
            splits.source,
            _digest_examples(splits.train),
            {split: _digest_examples(examples) for split, examples in evaluated.items()},
        ),
        save=_save_baselines,
        load=_load_baselines,
        compute=lambda: _as_baselines(
            score_predictors(task, task.fit_baselines(splits, encoder, config), evaluated, seen)
        ),
    )


def _digest_examples(examples: Sequence[Example]) -> str:
    return digest([repr(example) for example in examples])


def _as_baselines(scores: Mapping[str, Mapping[str, Scores]]) -> Baselines:
    """Baselines from scores by baseline and split."""
    return Baselines(
        values={name: {split: found.values for split, found in splits.items()} for name, splits in scores.items()},
        intervals={
            name: {split: found.intervals for split, found in splits.items()} for name, splits in scores.items()
        },
    )


def _save_baselines(baselines: Baselines, folder: Path) -> None:
    _baselines_path(folder).write_text(json.dumps(asdict(baselines)))


def _load_baselines(folder: Path) -> Baselines:
    return Baselines(**json.loads(_baselines_path(folder).read_text()))


def _baselines_path(folder: Path) -> Path:
    return folder / "scores.json"
