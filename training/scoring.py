"""Scores of a model and of the baselines on a split, for training and for `evaluate.py` alike."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Generic

import numpy as np

from data.cache import cache_folder, cached, digest
from data.stopwatch import Stopwatch
from evaluation.comparison import best_baseline, paired_comparison
from schema.configs import DecodingConfig, TrainingConfig
from schema.examples import Example, ExampleT, Splits
from schema.predictions import Arrays, PredictionT
from schema.records import Baselines, Comparison
from schema.scores import ScoredExample, Scores, SeenInTraining
from tasks.task import AnyTask, Encoder, score_predictors
from training.data_notes import unknown_note

if TYPE_CHECKING:
    import keras


_ARRAYS = "arrays.npz"
_SECONDS = "seconds"


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
    encoded = encoder.encode(examples)
    predictions = task.predict(model, encoder, encoded, config)
    scores = task.scores(examples, predictions, seen)
    if note := unknown_note(encoded, "these examples"):
        scores = replace(scores, notes=(*scores.notes, f"{note}."))
    return Evaluation(examples, predictions, scores)


def score_baselines(
    task: AnyTask,
    config: TrainingConfig,
    splits: Splits[ExampleT],
    evaluated: Mapping[str, Sequence[ExampleT]],
    encoder: Encoder[ExampleT],
    seen: SeenInTraining,
) -> Baselines:
    """Score the task's baselines on `evaluated`, a mapping from split to examples.

    The cache keeps the scores, and what takes long to fit for the scores on other examples.
    """
    cache = cache_folder(config.cache)
    data = (splits.source, _digest_examples(splits.train), _digest_examples(splits.validation))
    fit_key = digest(task.name, task.baseline_cache_key(config), *data)
    saved_seconds = 0.0

    def remember(name: str, fit: Callable[[], Arrays]) -> Arrays:
        nonlocal saved_seconds
        watch = Stopwatch()

        def timed_fit() -> Arrays:
            fitted = fit()
            return {**fitted, _SECONDS: np.array(watch.seconds)}

        fitted = cached(cache, "baseline_fits", digest(fit_key, name), _save_arrays, _load_arrays, timed_fit)
        # Nothing, if it was not in the cache.
        saved_seconds += max(0.0, float(fitted[_SECONDS]) - watch.seconds)
        return fitted

    def compute() -> Baselines:
        watch = Stopwatch()
        predictors = task.fit_baselines(splits, encoder, config, remember)
        scores = score_predictors(task, predictors, evaluated, seen)
        return _as_baselines(scores, saved_seconds + watch.seconds)

    examples = {split: _digest_examples(examples) for split, examples in evaluated.items()}
    return cached(cache, "baselines", digest(fit_key, examples), _save_baselines, _load_baselines, compute)


def compare(network: Scores, baselines: Baselines, split: str, metric: str) -> Comparison | None:
    """Test the network against the best baseline on a split; None without one."""
    on_split = {name: values[split][metric] for name, values in baselines.values.items() if split in values}
    name = best_baseline(on_split)
    if name is None or network.sums is None or split not in baselines.sums.get(name, {}):
        return None
    return paired_comparison(name, network.sums, baselines.sums[name][split])


def _digest_examples(examples: Sequence[Example]) -> str:
    return digest([repr(example) for example in examples])


def _as_baselines(scores: Mapping[str, Mapping[str, Scores]], seconds: float) -> Baselines:
    """Baselines from scores by baseline and split."""
    return Baselines(
        values={name: {split: found.values for split, found in splits.items()} for name, splits in scores.items()},
        intervals={
            name: {split: found.intervals for split, found in splits.items()} for name, splits in scores.items()
        },
        sums={
            name: {split: found.sums.counts for split, found in splits.items() if found.sums}
            for name, splits in scores.items()
        },
        seconds=seconds,
    )


def _save_baselines(baselines: Baselines, folder: Path) -> None:
    content = {"values": baselines.values, "intervals": baselines.intervals, "seconds": baselines.seconds}
    _baselines_path(folder).write_text(json.dumps(content))
    _save_arrays(
        {f"{name}/{split}": sums for name, splits in baselines.sums.items() for split, sums in splits.items()}, folder
    )


def _load_baselines(folder: Path) -> Baselines:
    sums: dict[str, dict[str, np.ndarray]] = {}
    for key, array in _load_arrays(folder).items():
        name, _, split = key.partition("/")
        sums.setdefault(name, {})[split] = array
    return Baselines(**json.loads(_baselines_path(folder).read_text()), sums=sums)


def _baselines_path(folder: Path) -> Path:
    return folder / "scores.json"


def _save_arrays(arrays: Arrays, folder: Path) -> None:
    np.savez(folder / _ARRAYS, allow_pickle=False, **arrays)


def _load_arrays(folder: Path) -> Arrays:
    with np.load(folder / _ARRAYS, allow_pickle=False) as saved:
        return dict(saved)
