"""What is kept of a run: the rows of `history.csv` and the content of `metrics.json`."""

from collections.abc import Mapping
from dataclasses import dataclass, field

FORMAT = 1
"""Number of the run folder's layout; a folder with a higher one was written by a newer program and is refused."""

ScoresBySplit = Mapping[str, Mapping[str, float]]
"""Split -> name of the score -> value."""

IntervalsBySplit = Mapping[str, Mapping[str, tuple[float, float]]]
"""Split -> name of the score -> lowest and highest value at 95 % (bootstrap over the examples)."""


@dataclass(frozen=True)
class Baselines:
    """What simple rivals reach: name of the baseline -> its scores, and how far they can be trusted."""

    values: Mapping[str, ScoresBySplit] = field(default_factory=dict)
    intervals: Mapping[str, IntervalsBySplit] = field(default_factory=dict)


@dataclass(frozen=True)
class PublishedResult:
    """What somebody else's system reached on the same test split; quoted, not run here.

    scores: name of the score -> value, on the scale that its name implies
    """

    system: str
    scores: Mapping[str, float]
    source: str


@dataclass(frozen=True)
class EpochRecord:
    """One epoch of training; epoch 0 is the network after its first step, where training starts from.

    loss: mean over the training examples, weights as they moved
    validation_loss, validation_score, train_score: of the weights that would be saved (their average, where it is
        kept); train_score, on some training examples as they are encoded for training
    tokens_per_second: real (unpadded) time steps
    padding: share of the time steps that was padding
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


@dataclass(frozen=True)
class PrimaryMetric:
    """The one score that a task is judged by; higher is better."""

    name: str
    value: float
    split: str


@dataclass(frozen=True)
class Metrics:
    """A run in numbers; `metrics.json` is this, field by field.

    baselines, baseline_intervals: see `Baselines`
    counts: examples of each split, and what the data set's own splits share
    seconds: to_first_step, training, evaluation, training_cpu (all threads of the process, while it learns)
    stop_reason: "epochs", "patience", "time budget", "interrupt" or "divergence"
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
    notes: tuple[str, ...] = ()
    intervals: IntervalsBySplit = field(default_factory=dict)
    baseline_intervals: Mapping[str, IntervalsBySplit] = field(default_factory=dict)
    published_results: tuple[PublishedResult, ...] = ()
    format: int = field(default=FORMAT)


@dataclass(frozen=True)
class Summary:
    """Several runs that differ in nothing but their seed; `summary.json` is this, field by field.

    primary_metric: its value is the mean; deviation: of a sample; interval: of the mean, at 95 %, by Student's t
    values: seed -> headline score; failed: seed -> why there is none
    baselines: name -> headline score on the same split
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
