"""Records of a run: the rows of `history.csv`, and the content of `metrics.json` and `summary.json`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

FORMAT = 2
"""Format number of the run folder; a folder of another format is refused."""

ScoresBySplit = Mapping[str, Mapping[str, float]]
"""Split -> name of the score -> value."""

IntervalsBySplit = Mapping[str, Mapping[str, tuple[float, float]]]
"""Split -> name of the score -> lower and upper bound of its 95 % confidence interval (bootstrap over examples)."""


@dataclass(frozen=True)
class Baselines:
    """Scores of the baselines and their confidence intervals, by name of the baseline.

    sums: split -> contributions of the examples to the primary metric, as in `schema.scores.ExampleSums`
    seconds: time of fitting and scoring them, also if they came from the cache
    """

    values: Mapping[str, ScoresBySplit] = field(default_factory=dict)
    intervals: Mapping[str, IntervalsBySplit] = field(default_factory=dict)
    sums: Mapping[str, Mapping[str, np.ndarray]] = field(default_factory=dict)
    seconds: float = 0.0


@dataclass(frozen=True)
class Comparison:
    """Test of the difference between the network and the best baseline in the primary metric, on the same examples.

    test: "McNemar's exact test" for one decision per example, else "paired bootstrap"
    """

    baseline: str
    p_value: float
    test: str


@dataclass(frozen=True)
class PublishedResult:
    """Published scores of another system on the same test split, which is not run here.

    scores: name of the score -> value, on the scale that its name implies
    """

    system: str
    scores: Mapping[str, float]
    source: str


@dataclass(frozen=True)
class EpochRecord:
    """One epoch of training; epoch 0 is the model after its first training step.

    loss: running mean over the epoch while the weights change
    validation_loss, validation_score, train_score: of the weights that would be saved (their moving average, if
        enabled); train_score is measured on a sample of the training examples, as encoded for training
    tokens_per_second: time steps without padding
    padding: fraction of the time steps that are padding
    tie_breaker: a second validation score, which decides between epochs of the same `validation_score`; NaN if the task
        has none
    """

    epoch: int
    loss: float
    validation_loss: float
    validation_score: float
    train_score: float
    learning_rate: float
    seconds: float
    tokens_per_second: float
    padding: float
    tie_breaker: float = math.nan

    @property
    def rank(self) -> tuple[float, float, float]:
        """The best epoch has the greatest one: the validation score, then the tie breaker, then the training loss.

        Without a tie breaker the loss counts only for a score of 0, which says nothing: the first epoch stays the best.
        """
        has_breaker = not math.isnan(self.tie_breaker)
        loss = self.loss if has_breaker or self.validation_score == 0 else 0.0
        return self.validation_score, self.tie_breaker if has_breaker else 0.0, -loss


@dataclass(frozen=True)
class PrimaryMetric:
    """The primary score of a task, which selects the model; higher is better."""

    name: str
    value: float
    split: str


@dataclass(frozen=True)
class Metrics:
    """Results of a run; `metrics.json` has these fields.

    baselines, baseline_intervals: see `Baselines`
    counts: examples of each split, and overlaps of the data set's original splits
    seconds: to_first_step, training, evaluation, baselines, training_cpu (all threads of the process during training)
    comparisons: split -> test of the network against the best baseline
    stop_reason: "epochs", "patience", "time budget", "interrupt" or "divergence"
    commit: git commit of the code, followed by `-dirty` if it had uncommitted changes; None outside a repository
    hardware: processor, cores, system and, if there is one, gpu
    """

    task: str
    rnn_type: str
    dataset: str
    source: str
    synthetic: bool
    quick: bool
    cell: str
    seed: int
    primary_metric: PrimaryMetric
    scores: ScoresBySplit
    baselines: Mapping[str, ScoresBySplit]
    counts: Mapping[str, int]
    seconds: Mapping[str, float]
    peak_memory_mb: float
    parameters: int
    padding: float
    epochs: int
    best_epoch: int
    stop_reason: str
    versions: Mapping[str, str]
    command: str
    commit: str | None = None
    hardware: Mapping[str, str | int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    intervals: IntervalsBySplit = field(default_factory=dict)
    baseline_intervals: Mapping[str, IntervalsBySplit] = field(default_factory=dict)
    comparisons: Mapping[str, Comparison] = field(default_factory=dict)
    published_results: tuple[PublishedResult, ...] = ()
    format: int = field(default=FORMAT)


@dataclass(frozen=True)
class Summary:
    """Several runs that differ only in their seed; `summary.json` has these fields.

    primary_metric: mean over the runs
    deviation: sample standard deviation
    interval: 95 % confidence interval of the mean, by Student's t
    values: seed -> primary metric
    failed: seed -> reason of the failure
    baselines: name -> primary metric on the same split
    """

    task: str
    dataset: str
    cell: str
    primary_metric: PrimaryMetric
    deviation: float
    interval: tuple[float, float]
    values: Mapping[int, float]
    failed: Mapping[int, str]
    baselines: Mapping[str, float]
    format: int = field(default=FORMAT)
