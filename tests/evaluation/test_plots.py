"""Figures are saved for any valid data, and completely or not at all."""

import warnings

import numpy as np
import pytest

from evaluation import plots
from schema.predictions import AttentionWeights
from schema.records import EpochRecord
from schema.scores import ConfusionMatrix, Table

HEADER = ("tokens", "examples", "accuracy")
NAN_EPOCH = EpochRecord(1, float("nan"), float("nan"), float("nan"), float("nan"), 1e-3, 1.0, 1.0, 0.0)


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def size_of(path):
    """Width and height in the header of a PNG file."""
    content = path.read_bytes()
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    assert content.endswith(b"IEND\xaeB`\x82")
    return int.from_bytes(content[16:20]), int.from_bytes(content[20:24])


def diagonal_matrix(labels):
    return ConfusionMatrix(tuple(labels), np.eye(len(labels), dtype=int) * 9)


def test_learning_curves_are_saved(history, tmp_path):
    plots.save_learning_curves(history, "accuracy", tmp_path / "new folder" / "curves.png")
    width, height = size_of(tmp_path / "new folder" / "curves.png")
    assert 800 < width < 1200
    assert height < width


@pytest.mark.parametrize("epochs", [[NAN_EPOCH], [NAN_EPOCH, NAN_EPOCH]])
def test_learning_curves_of_a_diverged_run_are_saved(epochs, tmp_path):
    plots.save_learning_curves(epochs, "accuracy", tmp_path / "curves.png")
    assert size_of(tmp_path / "curves.png")


@pytest.mark.parametrize("classes", [1, 2, 6, 50])
def test_a_confusion_matrix_fits_the_width_of_a_page(classes, tmp_path):
    plots.save_confusion_matrix(
        diagonal_matrix([f"class number {number}" for number in range(classes)]), tmp_path / "c.png"
    )
    assert 400 < size_of(tmp_path / "c.png")[0] < 1200


def test_unusual_class_names_are_drawn(tmp_path):
    labels = ("$x_$", "a\nb", "", "très long " * 40, "日本語", r"\frac{", "$")
    plots.save_confusion_matrix(diagonal_matrix(labels), tmp_path / "c.png")
    assert size_of(tmp_path / "c.png")[0] < 1400


def test_dollar_signs_in_captions_are_no_formulas():
    caption = 'a $5 "off" sign, was $10'
    pixels = np.zeros((4, 4, 3), np.uint8)
    attention = AttentionWeights((), ("a", "$5", "$sign$"), np.full((3, 4), 0.25))
    assert plots.png(plots.caption_figure(pixels, [caption], caption, attention)).startswith(b"\x89PNG")


def test_a_class_without_examples_is_drawn(tmp_path):
    plots.save_confusion_matrix(ConfusionMatrix(("a", "b"), np.array([[3, 1], [0, 0]])), tmp_path / "c.png")
    assert size_of(tmp_path / "c.png")


@pytest.mark.parametrize("rows", [(("up to 5", 3, 1.0),), (("up to 5", 30, 0.0), ("6-10", 400, 0.5))])
def test_scores_by_length_are_saved(rows, tmp_path):
    plots.save_score_by_length(Table("accuracy by length", HEADER, rows), tmp_path / "l.png")
    assert size_of(tmp_path / "l.png")


def test_a_failed_figure_keeps_the_old_file(history, tmp_path, monkeypatch):
    path = tmp_path / "curves.png"
    path.write_bytes(b"old")

    def write_half(figure, path, **options):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr(plots.Figure, "savefig", write_half)
    with pytest.raises(KeyboardInterrupt):
        plots.save_learning_curves(history, "accuracy", path)
    assert path.read_bytes() == b"old"


def test_empty_data_are_refused(tmp_path):
    with pytest.raises(ValueError, match="no epoch"):
        plots.save_learning_curves([], "accuracy", tmp_path / "x.png")
    with pytest.raises(ValueError, match="no class"):
        plots.save_confusion_matrix(ConfusionMatrix((), np.zeros((0, 0), dtype=int)), tmp_path / "x.png")
    with pytest.raises(ValueError, match="no variant"):
        plots.results_figure([], "topic", "accuracy")
    with pytest.raises(ValueError, match="no bin"):
        plots.save_score_by_length(Table("x", HEADER, ()), tmp_path / "x.png")


LSTM_SEEDS = [{0: 0.2, 1: 0.6, 2: 0.9}, {0: 0.4, 1: 0.8}]
BASELINES = {"majority": 0.3, "bigrams": 0.7, "unigrams": 0.5}


def test_results_show_every_cell_and_seed_of_every_variant():
    variants = [
        plots.VariantCurves("default", {"simple_rnn": [{0: 0.5, 1: 0.55}], "lstm": LSTM_SEEDS}, BASELINES),
        plots.VariantCurves("no attention", {"lstm": [{0: 0.1}]}, {}),
    ]
    figure = plots.results_figure(variants, "topic: accuracy", "accuracy")
    default, other = figure.axes
    assert figure.get_suptitle() == "topic: accuracy"
    assert [axes.get_title() for axes in figure.axes] == ["default", "no attention"]
    shown = {line.get_label(): line.get_ydata() for line in default.lines}
    # Only the first seed has a third epoch.
    np.testing.assert_allclose(shown["lstm (2 seeds)"], [30, 70])
    np.testing.assert_allclose(shown["simple_rnn"], [50, 55])
    assert shown["best baseline: bigrams"][0] == 70 and shown["weakest baseline: majority"][0] == 30
    band = default.collections[1].get_paths()[0].get_extents()
    np.testing.assert_allclose([band.ymin, band.ymax], [20, 80])
    assert len(other.lines) == 1


@pytest.mark.parametrize("lowest, bottom", [(0.4, 30), (0.3, 30), (0.2, 0)])
def test_the_axis_of_results_begins_at_the_weakest_baseline_or_at_zero(lowest, bottom):
    variants = [plots.VariantCurves("default", {"gru": [{0: lowest, 1: 0.9}]}, BASELINES)]
    figure = plots.results_figure(variants, "topic", "accuracy")
    assert figure.axes[0].get_ylim()[0] == pytest.approx(bottom)
