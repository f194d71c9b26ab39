"""Evaluate the best model of a training, score the baselines, and write metrics and report."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from time import perf_counter
from typing import TYPE_CHECKING

import evaluation
from console.messages import tolerated
from console.progress import phase
from schema.examples import ExampleT
from schema.records import Baselines, Metrics, PrimaryMetric
from tasks.task import Encoder, FittedEncoder, published_results_for
from training.checkpoint import remove_checkpoints
from training.environment import commit, hardware, peak_memory_mb, versions
from training.job import TrainingJob
from training.scoring import Evaluation, compare, score_baselines, score_split
from training.tensorboard import write_projector, write_results
from training.trainer_state import FINISHED, TrainerState

if TYPE_CHECKING:
    import keras


def evaluate_run(
    job: TrainingJob[ExampleT],
    model: "keras.Model",
    fitted: FittedEncoder[Encoder[ExampleT]],
    state: TrainerState,
    seconds: Mapping[str, float],
) -> Metrics:
    """Score `model` on validation and, if training is finished, on test; write all results to the run folder.

    seconds: time of the earlier stages, see `schema.records.Metrics`
    """
    started = perf_counter()
    finished = state.stop_reason in FINISHED
    evaluations = _evaluate_splits(job, model, fitted, finished)
    examples = {split: evaluated.examples for split, evaluated in evaluations.items()}
    baselines = Baselines()
    evaluation_seconds = perf_counter() - started
    if finished and job.config.baselines:
        with tolerated("the comparison with baselines"), phase("fitting the baselines"):
            baselines = score_baselines(job.task, job.config, job.splits, examples, fitted.encoder, fitted.seen)
    primary_split = "test" if "test" in evaluations else "validation"
    seconds = {**seconds, "evaluation": evaluation_seconds, "baselines": baselines.seconds}
    metrics = _metrics(job, model, state, evaluations, baselines, primary_split, seconds)
    # First: what follows shows these results, and neither a fault nor a kill there loses them.
    job.folder.write_metrics(metrics)
    with tolerated("report.md"), phase("writing the report"):
        evaluation.report.write_report(
            job.folder.path,
            metrics,
            state.history,
            {split: evaluated.scores for split, evaluated in evaluations.items()},
            evaluations[primary_split].scored_examples(job.task),
            asdict(job.config),
        )
    with phase("writing for TensorBoard", announced=False):
        _log_results(job, model, fitted, metrics)
    if state.stop_reason != "interrupt":
        remove_checkpoints(job.folder)
    return metrics


def _evaluate_splits(
    job: TrainingJob[ExampleT], model: "keras.Model", fitted: FittedEncoder[Encoder[ExampleT]], finished: bool
) -> dict[str, Evaluation[ExampleT, object]]:
    """Evaluation by split; "test_without_duplicates" leaves out the test examples that also occur in train."""
    task, splits = job.task, job.splits
    parts: dict[str, Sequence[ExampleT]] = {"validation": splits.validation}
    if finished and job.config.test and splits.test:
        parts["test"] = splits.test
    evaluations = {}
    for split, examples in parts.items():
        with phase(f"evaluating on {split}"):
            evaluations[split] = score_split(
                task, model, fitted.encoder, fitted.seen, examples, task.predict_config_class()
            )
    for split, evaluated in evaluations.items():
        job.folder.write_json_lines(f"predictions/{split}.jsonl", evaluated.rows(task))
    duplicates = splits.duplicates_of_train() if "test" in evaluations else frozenset()
    if 0 < len(duplicates) < len(splits.test):
        evaluations["test_without_duplicates"] = evaluations["test"].without(duplicates, task, fitted.seen)
    return evaluations


def _log_results(
    job: TrainingJob[ExampleT], model: "keras.Model", fitted: FittedEncoder[Encoder[ExampleT]], metrics: Metrics
) -> None:
    """Write final scores and word vectors for TensorBoard."""
    folder = job.folder.path
    with tolerated("the table of results in TensorBoard"):
        write_results(folder, asdict(job.config), metrics)
    with tolerated("the projector of TensorBoard"):
        vectors = job.task.word_vectors(model, fitted.encoder) if job.config.diagnostics else None
        if vectors is not None:
            write_projector(folder, *vectors)


def _metrics(
    job: TrainingJob[ExampleT],
    model: "keras.Model",
    state: TrainerState,
    evaluations: Mapping[str, Evaluation[ExampleT, object]],
    baselines: Baselines,
    primary_split: str,
    seconds: Mapping[str, float],
) -> Metrics:
    task, splits, config = job.task, job.splits, job.config
    scores = evaluations[primary_split].scores
    sizes = {"train": len(splits.train), "validation": len(splits.validation), "test": len(splits.test)}
    comparable = primary_split == "test" and not config.train_file
    return Metrics(
        task=task.name,
        rnn_type=task.rnn_type,
        dataset=splits.dataset,
        source=splits.source,
        synthetic=splits.synthetic,
        quick=config.quick,
        cell=config.cell,
        seed=config.seed,
        primary_metric=PrimaryMetric(task.primary_metric, scores.values[task.primary_metric], primary_split),
        scores={split: evaluated.scores.values for split, evaluated in evaluations.items()},
        baselines=baselines.values,
        counts={**sizes, **splits.overlaps()},
        seconds=seconds,
        peak_memory_mb=peak_memory_mb(),
        parameters=model.count_params(),
        padding=state.history[-1].padding,
        epochs=state.epoch,
        best_epoch=state.best_epoch,
        stop_reason=state.stop_reason,
        versions=versions(),
        commit=commit(),
        hardware=hardware(),
        command=job.command,
        notes=scores.notes,
        intervals={split: evaluated.scores.intervals for split, evaluated in evaluations.items()},
        baseline_intervals=baselines.intervals,
        comparisons={
            split: comparison
            for split, evaluated in evaluations.items()
            if (comparison := compare(evaluated.scores, baselines, split, task.primary_metric))
        },
        published_results=published_results_for(task.published_results, splits) if comparable else (),
    )
