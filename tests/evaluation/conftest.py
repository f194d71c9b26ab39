"""Metrics and history of a fictitious run."""

import pytest

from schema.records import EpochRecord, Metrics, PrimaryMetric

COMMAND = "python train.py sentiment --seed 3"


@pytest.fixture(scope="session")
def make_metrics():
    """Builds the `Metrics` of a fictitious run; any field can be changed."""

    def make(**changes) -> Metrics:
        fields = {
            "task": "sentiment",
            "rnn_type": "many to one",
            "dataset": "imdb",
            "source": "imdb_reviews/plain_text:1.0.0",
            "synthetic": False,
            "quick": False,
            "cell": "lstm",
            "seed": 3,
            "primary_metric": PrimaryMetric("accuracy", 0.9189, "test"),
            "scores": {
                "validation": {"accuracy": 0.93, "macro_f1": 0.929, "cross_entropy": 0.2},
                "test": {"accuracy": 0.9189, "macro_f1": 0.9188, "cross_entropy": 0.25},
            },
            "baselines": {
                "majority": {"test": {"accuracy": 0.5}, "validation": {"accuracy": 0.51}},
                "nb_bigrams": {"test": {"accuracy": 0.9154}, "validation": {"accuracy": 0.921}},
            },
            "intervals": {"test": {"accuracy": (0.9155, 0.9223)}},
            "baseline_intervals": {"nb_bigrams": {"test": {"accuracy": (0.9119, 0.9188)}}},
            "counts": {"train": 22500, "validation": 2500, "test": 25000, "test: also in train": 123},
            "seconds": {"training": 290.0, "training_cpu": 570.0},
            "peak_memory_mb": 2048.0,
            "parameters": 1234567,
            "padding": 0.061,
            "epochs": 2,
            "best_epoch": 2,
            "stop_reason": "epochs",
            "versions": {"keras": "3.15.1"},
            "command": COMMAND,
        }
        return Metrics(**(fields | changes))

    return make


@pytest.fixture(scope="session")
def history():
    return [
        EpochRecord(1, 0.6, 0.4, 0.85, 0.86, 2e-3, 30.0, 90_000.0, 0.06),
        EpochRecord(2, 0.3, 0.3, 0.93, 0.96, 1e-3, 30.0, 90_000.0, 0.06),
    ]
