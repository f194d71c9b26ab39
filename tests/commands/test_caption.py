"""Captions as a user meets them: a folder of one's own pictures, and pictures of every kind asked of a run."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

TINY = ("--image-encoder=small", "--units=6", "--embedding-size=6", "--epochs=1", "--min-count=1", "--no-diagnostics")
COLOURS = {"red": (220, 20, 20), "blue": (20, 20, 220), "green": (20, 200, 20)}


def content(picture: Image.Image, form: str = "PNG", **options) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 pictures of one colour each, with two captions."""
    home = tmp_path_factory.mktemp("pictures")
    rows = ["image,caption"]
    for number in range(24):
        name = list(COLOURS)[number % 3]
        shade = tuple(value - number // 3 for value in COLOURS[name])
        (home / f"{number}.png").write_bytes(content(Image.new("RGB", (40, 30), shade)))
        rows += [f"{number}.png,all is {name} .", f"{number}.png,a {name} picture ."]
    (home / "captions.txt").write_text("\n".join(rows))
    return home


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, folder: Path, cache: Path) -> Path:
    from commands.train import main

    runs = tmp_path_factory.mktemp("caption") / "runs"
    where = [f"--runs={runs}", f"--cache={cache}", "--name=own"]
    assert main(["caption", *TINY, f"--train-file={folder}", f"--test-file={folder}", *where]) == 0
    return runs / "caption" / "own"


@pytest.fixture
def odd(tmp_path: Path) -> dict[str, Path]:
    """Pictures and other things that somebody might ask about."""
    frames = [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    contents = {
        "plain.jpg": content(Image.new("RGB", (80, 60), "red"), "JPEG"),
        "text.jpg": b"no picture",
        "cut.jpg": content(Image.new("RGB", (300, 300), "red"), "JPEG")[:900],
        "dot.png": content(Image.new("RGB", (1, 1))),
        "huge.jpg": content(Image.new("RGB", (5000, 4000), "blue"), "JPEG"),
        "cmyk.jpg": content(Image.new("CMYK", (50, 50)), "JPEG"),
        "grey16.png": content(Image.fromarray(np.full((20, 20), 40_000, np.uint16))),
        "moving.gif": content(frames[0], "GIF", save_all=True, append_images=frames[1:]),
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "folder.jpg").mkdir()
    return {name: tmp_path / name for name in [*contents, "folder.jpg", "missing.png"]}


def test_own_pictures_are_learnt_and_scored_beside_what_others_said(run: Path):
    metrics = json.loads((run / "metrics.json").read_text())
    assert {"cider", "bleu_1", "bleu_4", "rouge_l_coco", "distinct_captions"} <= metrics["scores"]["test"].keys()
    assert metrics["baselines"].keys() == {"most_frequent_caption", "nearest_image", "neighbor_consensus"}
    # A tenth of the pictures is held out, and every other caption is an example.
    assert metrics["counts"]["train"] == 2 * (24 - 2)
    assert metrics["counts"]["validation"] == 2


def test_each_picture_gets_a_caption_or_a_line_and_the_rest_is_done(call: Callable, run: Path, odd: dict[str, Path]):
    ended = call("predict", run, *odd.values(), "--json")
    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert ended.status == 2
    refused = {name for name, row in zip(odd, rows, strict=True) if "error" in row}
    assert refused == {"text.jpg", "cut.jpg", "folder.jpg", "missing.png"}
    assert all(isinstance(row["text"], str) for row in rows if "error" not in row)
    complaints = ended.complaint.splitlines()
    assert len(complaints) == len(refused)
    assert f"error: {odd['text.jpg']}: not a JPEG or PNG file, or a truncated one" in complaints


def test_pictures_are_named_in_a_file_too(call: Callable, run: Path, odd: dict[str, Path], tmp_path: Path):
    names = tmp_path / "names.txt"
    names.write_text(f"{odd['plain.jpg']}\n{odd['dot.png']}\n")
    ended = call("predict", run, f"--file={names}", "--beam-size=3", "--n-best=2")
    assert ended.status == 0
    assert len(ended.out.splitlines()) == 4


def test_where_words_come_from_is_drawn(call: Callable, run: Path, odd: dict[str, Path]):
    ended = call("predict", run, odd["plain.jpg"], "--show-attention", "--min-length=3")
    picture = Path(ended.complaint.removeprefix("note: figure ").strip())
    assert picture.parent == run / "plots"
    with Image.open(picture) as drawn:
        # Below the picture stands at least one row of words.
        assert drawn.height > drawn.width / 2


def test_a_name_that_cannot_be_one_does_not_stop_the_others(call: Callable, run: Path, odd: dict[str, Path]):
    names = ["x" * 300, f"{odd['plain.jpg']}/inside.jpg", "nul\0.jpg"]
    ended = call("predict", run, *names, odd["plain.jpg"], "--json")
    rows = [json.loads(line) for line in ended.out.splitlines()]
    assert [("error" in row) for row in rows] == [True, True, True, False]


def test_a_folder_is_scored(call: Callable, run: Path, folder: Path):
    ended = call("evaluate", run, f"--file={folder}", "--json")
    assert ended.status == 0
    found = json.loads(ended.out)
    assert found["examples"] == 24
    assert 0 <= found["scores"]["bleu_1"] <= 100


@pytest.mark.parametrize("attention", ["additive", "none"])
def test_a_run_that_learnt_from_features_sees_pictures_by_itself(
    call: Callable, looking_network: Callable, folder: Path, cache: Path, tmp_path: Path, monkeypatch, attention: str
):
    monkeypatch.setattr("data.encoders.image_features.imagenet_encoder", looking_network)
    how = [*TINY, "--image-encoder=mobilenet_v2", "--cell=simple_rnn", f"--attention={attention}"]
    where = [f"--train-file={folder}", f"--test-file={folder}", f"--runs={tmp_path}", f"--cache={cache}", "--name=far"]
    assert call("train", "caption", *how, *where).status == 0
    run = tmp_path / "caption" / "far"
    scaled = keras.models.load_model(run / "model.keras", compile=False).get_layer("standardised")
    assert np.abs(scaled.adapt_mean.numpy()).min() > 0
    written = [
        json.loads(line)["answer"]["text"] for line in (run / "predictions" / "test.jsonl").read_text().splitlines()
    ]
    scored = json.loads(call("evaluate", run, f"--file={folder}", f"--cache={cache}", "--json").out)
    recorded = json.loads((run / "metrics.json").read_text())
    assert scored["scores"] == pytest.approx(recorded["scores"]["test"])
    assert scored["baselines"].keys() == recorded["baselines"].keys()
    # Nothing but the run folder is needed.
    monkeypatch.delattr("data.encoders.image_features.imagenet_encoder")
    ended = call("predict", run, *(folder / f"{number}.png" for number in range(24)))
    assert ended.out.splitlines() == written


def test_a_folder_without_captions_is_one_line(call: Callable, tmp_path: Path):
    (tmp_path / "mine").mkdir()
    ended = call("train", "caption", f"--train-file={tmp_path / 'mine'}", f"--runs={tmp_path}")
    assert ended.status != 0
    assert ended.complaint == (
        f"error: {tmp_path / 'mine'} holds neither Flickr8k.token.txt nor captions.txt, where the captions are\n"
    )
