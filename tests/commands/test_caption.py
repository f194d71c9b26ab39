"""Captions from the command line: training on a folder of images, and predictions for images of every kind."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

TINY = ("--image-encoder=small", "--units=6", "--embedding-size=6", "--epochs=1", "--min-count=1", "--no-diagnostics")
COLORS = {"red": (220, 20, 20), "blue": (20, 20, 220), "green": (20, 200, 20)}


def content(image: Image.Image, form: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 images of one color each, with two captions each."""
    home = tmp_path_factory.mktemp("images")
    rows = ["image,caption"]
    for number in range(24):
        name = list(COLORS)[number % 3]
        shade = tuple(value - number // 3 for value in COLORS[name])
        (home / f"{number}.png").write_bytes(content(Image.new("RGB", (40, 30), shade)))
        rows += [f"{number}.png,all is {name} .", f"{number}.png,a {name} picture ."]
    (home / "captions.txt").write_text("\n".join(rows))
    return home


@pytest.fixture(scope="module")
def run(train_run: Callable[..., Path], folder: Path) -> Path:
    return train_run("caption", *TINY, f"--train-file={folder}", f"--test-file={folder}")


@pytest.fixture
def odd(tmp_path: Path) -> dict[str, Path]:
    """Images of unusual formats, and files that are not images."""
    frames = [Image.new("RGB", (9, 9), color) for color in ("red", "blue")]
    contents = {
        "plain.jpg": content(Image.new("RGB", (80, 60), "red"), "JPEG"),
        "text.jpg": b"no image",
        "cut.jpg": content(Image.new("RGB", (300, 300), "red"), "JPEG")[:900],
        "dot.png": content(Image.new("RGB", (1, 1))),
        "huge.jpg": content(Image.new("RGB", (5000, 4000), "blue"), "JPEG"),
        "cmyk.jpg": content(Image.new("CMYK", (50, 50)), "JPEG"),
        "gray16.png": content(Image.fromarray(np.full((20, 20), 40_000, np.uint16))),
        "moving.gif": content(frames[0], "GIF", save_all=True, append_images=frames[1:]),
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "folder.jpg").mkdir()
    return {name: tmp_path / name for name in [*contents, "folder.jpg", "missing.png"]}


def test_training_on_own_images_reports_scores_and_baselines(run: Path):
    metrics = json.loads((run / "metrics.json").read_text())
    assert {"cider", "bleu_1", "bleu_4", "rouge_l_coco", "distinct_captions"} <= metrics["scores"]["test"].keys()
    assert metrics["baselines"].keys() == {"most_frequent_caption", "nearest_image", "neighbor_consensus"}
    # A tenth of the images is held out; each caption of the others is a training example.
    assert metrics["counts"]["train"] == 2 * (24 - 2)
    assert metrics["counts"]["validation"] == 2


def test_predictions_and_report_name_the_images(run: Path, folder: Path):
    rows = [json.loads(line) for line in (run / "predictions" / "test.jsonl").read_text().splitlines()]
    names = [row["id"] for row in rows]
    assert names and all((folder / name).is_file() for name in names)
    report = (run / "report.md").read_text()
    assert any(name in report for name in names)


def test_each_image_gets_a_caption_or_an_error(call: Callable, run: Path, odd: dict[str, Path]):
    result = call("predict", run, *odd.values(), "--json")
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert result.status == 2
    refused = {name for name, row in zip(odd, rows, strict=True) if "error" in row}
    assert refused == {"text.jpg", "cut.jpg", "folder.jpg", "missing.png"}
    assert all(isinstance(row["text"], str) for row in rows if "error" not in row)
    assert all(row["id"] == str(odd[name]) for name, row in zip(odd, rows, strict=True) if name not in refused)
    lines = result.errors.splitlines()
    assert len(lines) == len(refused)
    assert f"error: {odd['text.jpg']}: not a JPEG or PNG file, or a truncated one" in lines


def test_a_file_of_image_names_is_read(call: Callable, run: Path, odd: dict[str, Path], tmp_path: Path):
    names = tmp_path / "names.txt"
    names.write_text(f"{odd['plain.jpg']}\n{odd['dot.png']}\n")
    result = call("predict", run, f"--file={names}", "--beam-size=3", "--n-best=2")
    assert result.status == 0
    assert len(result.out.splitlines()) == 4


def test_attention_is_saved_as_a_figure(call: Callable, run: Path, odd: dict[str, Path]):
    result = call("predict", run, odd["plain.jpg"], "--show-attention", "--min-length=3")
    figure = Path(result.errors.removeprefix("note: figure ").strip())
    assert figure.parent == run / "plots"
    with Image.open(figure) as drawn:
        # At least one row of words is below the image.
        assert drawn.height > drawn.width / 2


def test_an_invalid_file_name_does_not_stop_the_other_predictions(call: Callable, run: Path, odd: dict[str, Path]):
    names = ["x" * 300, f"{odd['plain.jpg']}/inside.jpg", "nul\0.jpg"]
    result = call("predict", run, *names, odd["plain.jpg"], "--json")
    rows = [json.loads(line) for line in result.out.splitlines()]
    assert [("error" in row) for row in rows] == [True, True, True, False]


def test_a_folder_of_images_is_evaluated(call: Callable, run: Path, folder: Path):
    result = call("evaluate", run, f"--file={folder}", "--json")
    assert result.status == 0
    found = json.loads(result.out)
    assert found["examples"] == 24
    assert 0 <= found["scores"]["bleu_1"] <= 100


@pytest.mark.parametrize("attention", ["additive", "none"])
def test_a_run_trained_on_features_predicts_from_images(
    call: Callable, tiny_image_network: Callable, folder: Path, cache: Path, tmp_path: Path, monkeypatch, attention: str
):
    monkeypatch.setattr("data.encoders.image_features.imagenet_encoder", tiny_image_network)
    settings = [*TINY, "--image-encoder=mobilenet_v2", "--cell=simple_rnn", f"--attention={attention}"]
    where = [f"--train-file={folder}", f"--test-file={folder}", f"--runs={tmp_path}", f"--cache={cache}", "--name=far"]
    assert call("train", "caption", *settings, *where).status == 0
    run = tmp_path / "caption" / "far"
    scaled = keras.models.load_model(run / "model.keras", compile=False).get_layer("normalization")
    assert np.abs(scaled.adapt_mean.numpy()).min() > 0
    written = [
        json.loads(line)["prediction"]["text"] for line in (run / "predictions" / "test.jsonl").read_text().splitlines()
    ]
    # Only the run folder is needed from here on.
    monkeypatch.delattr("data.encoders.image_features.imagenet_encoder")
    scored = json.loads(call("evaluate", run, f"--file={folder}", f"--cache={cache}", "--json").out)
    recorded = json.loads((run / "metrics.json").read_text())
    assert scored["scores"] == pytest.approx(recorded["scores"]["test"])
    assert scored["baselines"].keys() == recorded["baselines"].keys()
    result = call("predict", run, *(folder / f"{number}.png" for number in range(24)))
    assert result.out.splitlines() == written


def test_a_folder_without_captions_is_refused_in_one_line(call: Callable, tmp_path: Path):
    (tmp_path / "mine").mkdir()
    result = call("train", "caption", f"--train-file={tmp_path / 'mine'}", f"--runs={tmp_path}")
    assert result.status != 0
    assert result.errors == (
        f"error: {tmp_path / 'mine'} contains neither Flickr8k.token.txt nor captions.txt, the files of captions\n"
    )
