"""The run folder: names are claimed once, and a file is whole or not there."""

import json
import math
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from schema.errors import RunError, UserError
from training.run_folder import RunFolder, create_run


def test_names_count_up_and_fill_no_gap_that_is_taken(tmp_path: Path) -> None:
    names = [create_run(tmp_path / "sentiment", "lstm-imdb", None).path.name for _ in range(2)]
    assert names == ["lstm-imdb-001", "lstm-imdb-002"]
    assert create_run(tmp_path / "sentiment", "gru-imdb", None).path.name == "gru-imdb-001"
    os.rmdir(tmp_path / "sentiment" / "lstm-imdb-001")
    assert create_run(tmp_path / "sentiment", "lstm-imdb", None).path.name == "lstm-imdb-003"


def test_trainings_that_start_together_get_a_name_each(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        runs = list(pool.map(lambda _: create_run(tmp_path / "sentiment", "lstm-imdb", None).path, range(64)))
    assert len(set(runs)) == 64


@pytest.mark.parametrize("name", ["a/b", "..", ".hidden", "", "-x", "two words", "latest", "ü", "a\n"])
def test_a_name_that_could_be_mistaken_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="^--name .* will not do"):
        create_run(tmp_path / "sentiment", "lstm-imdb", name)
    assert list(tmp_path.iterdir()) == []


def test_a_link_to_nowhere_has_its_name_too(tmp_path: Path) -> None:
    (tmp_path / "sentiment").mkdir()
    (tmp_path / "sentiment" / "mine").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match="exists already"):
        create_run(tmp_path / "sentiment", "lstm-imdb", "mine")


def test_a_folder_that_may_not_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Told so by the system's answer: root may write everywhere.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(UserError, match="sentiment may not be written; choose another --runs$"):
        create_run(tmp_path / "sentiment", "lstm-imdb", None)


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.write_json("metrics.json", {"value": 1})

    def fail(path: Path) -> None:
        path.write_text('{"val')
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        folder.write("metrics.json", fail)
    assert os.listdir(tmp_path) == ["metrics.json"]
    assert folder.read_json("metrics.json") == {"value": 1}


def test_what_is_no_number_is_written_as_null(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.write_json("metrics.json", {"a": math.nan, "b": [math.inf, 0.5], "c": {"d": -math.inf}, "e": Path("x")})
    assert json.loads((tmp_path / "metrics.json").read_text(), parse_constant=pytest.fail) == {
        "a": None,
        "b": [None, 0.5],
        "c": {"d": None},
        "e": "x",
    }


def test_answers_are_a_line_each_whatever_they_hold(tmp_path: Path) -> None:
    entries = [{"reference": "two\nlines\u2028", "score": math.nan}, {"reference": "half \ud800 a sign", "score": 1.0}]
    RunFolder(tmp_path).write_lines("predictions/test.jsonl", entries)
    lines = (tmp_path / "predictions" / "test.jsonl").read_bytes().split(b"\n")
    found = [json.loads(line.decode("utf-8", "surrogatepass")) for line in lines[:-1]]
    assert found == [{**entries[0], "score": None}, entries[1]]
    assert lines[-1] == b""


def test_an_encoder_is_given_back_only_as_it_was_saved(tmp_path: Path) -> None:
    def saved(name: str, word: str) -> RunFolder:
        folder = RunFolder(tmp_path / name)
        folder.write_json("config.json", {})

        def save(encoder: Path) -> None:
            encoder.mkdir()
            (encoder / "vocabulary.txt").write_text(word)

        folder.save_encoder(save)
        return folder

    folder, other = saved("one", "film"), saved("other", "farm")
    assert folder.checked_encoder() == tmp_path / "one" / "encoder"
    (folder.path / "encoder" / "vocabulary.txt").write_text("farm")
    with pytest.raises(RunError, match="vocabulary.txt is not the file that was saved"):
        folder.checked_encoder()
    # The other run's, checksums and all.
    shutil.copytree(other.checked_encoder(), folder.path / "encoder", dirs_exist_ok=True)
    with pytest.raises(RunError, match="encoder/SHA256SUMS is of another run"):
        folder.checked_encoder()
