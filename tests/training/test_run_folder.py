"""The run folder: unique names, atomic writes, and the run format."""

import json
import math
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from schema.errors import RunError, UserError
from schema.records import FORMAT
from training.run_folder import RunFolder, create_run


def claim(runs: Path, stem: str, name: str | None = None) -> str:
    """Claim a name as a training does; return it."""
    folder = create_run(runs / "sentiment", stem, name, lambda fresh: fresh.write_json("config.json", {"stem": stem}))
    assert folder.read_json("config.json") == {"stem": stem}
    return folder.path.name


def test_names_count_up_and_are_never_reused(tmp_path: Path) -> None:
    assert [claim(tmp_path, "lstm-imdb") for _ in range(2)] == ["lstm-imdb-001", "lstm-imdb-002"]
    assert claim(tmp_path, "gru-imdb") == "gru-imdb-001"
    RunFolder(tmp_path / "sentiment" / "lstm-imdb-001").remove()
    assert claim(tmp_path, "lstm-imdb") == "lstm-imdb-003"
    assert sorted(os.listdir(tmp_path / "sentiment")) == ["gru-imdb-001", "lstm-imdb-002", "lstm-imdb-003"]


def test_concurrent_trainings_get_different_names(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        names = list(pool.map(lambda _: claim(tmp_path, "lstm-imdb"), range(64)))
    assert len(set(names)) == 64


def test_empty_folder_may_be_claimed_by_one_training(tmp_path: Path) -> None:
    """A process may have been killed just after it made the folder."""
    (tmp_path / "sentiment" / "mine").mkdir(parents=True)

    def claimed(number: int) -> bool:
        try:
            return claim(tmp_path, f"stem-{number}", "mine") == "mine"
        except UserError as error:
            assert str(error).startswith(f"{tmp_path / 'sentiment' / 'mine'} exists already")
            return False

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(claimed, range(64))) == 1
    assert os.listdir(tmp_path / "sentiment") == ["mine"]


def test_failed_claim_leaves_the_name_free(tmp_path: Path) -> None:
    def fail(fresh: RunFolder) -> None:
        fresh.write_json("config.json", {})
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        create_run(tmp_path / "sentiment", "lstm-imdb", "mine", fail)
    assert os.listdir(tmp_path / "sentiment") == []
    assert claim(tmp_path, "lstm-imdb", "mine") == "mine"


def test_unfinished_files_of_killed_processes_are_removed(tmp_path: Path) -> None:
    (tmp_path / "plots" / ".fresh-abc").mkdir(parents=True)
    (tmp_path / "plots" / ".fresh-abc" / "curves.png").touch()
    (tmp_path / ".fresh-model.keras").touch()
    (tmp_path / "plots" / "curves.png").touch()
    RunFolder(tmp_path).remove_unfinished_files()
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "plots", tmp_path / "plots" / "curves.png"]


@pytest.mark.parametrize("name", ["a/b", "..", ".hidden", "", "-x", "two words", "latest", "ü", "a\n"])
def test_invalid_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match="^--name .* is invalid"):
        claim(tmp_path, "lstm-imdb", name)
    assert list(tmp_path.iterdir()) == []


def test_name_of_a_broken_link_is_taken(tmp_path: Path) -> None:
    (tmp_path / "sentiment").mkdir()
    (tmp_path / "sentiment" / "mine").symlink_to(tmp_path / "nowhere")
    with pytest.raises(UserError, match="exists already"):
        claim(tmp_path, "lstm-imdb", "mine")


def test_folder_that_is_not_writable_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Simulated, since root may write everywhere.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(UserError, match="sentiment is not writable; choose another --runs$"):
        claim(tmp_path, "lstm-imdb", None)


def test_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.write_json("metrics.json", {"value": 1})

    def fail(path: Path) -> None:
        path.write_text('{"val')
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        folder.write("metrics.json", fail)
    assert os.listdir(tmp_path) == ["metrics.json"]
    assert folder.read_json("metrics.json") == {"value": 1}


def test_nan_and_infinity_are_written_as_null(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.write_json("metrics.json", {"a": math.nan, "b": [math.inf, 0.5], "c": {"d": -math.inf}, "e": Path("x")})
    assert json.loads((tmp_path / "metrics.json").read_text(), parse_constant=pytest.fail) == {
        "a": None,
        "b": [None, 0.5],
        "c": {"d": None},
        "e": "x",
    }


def test_predictions_are_one_line_each_whatever_they_contain(tmp_path: Path) -> None:
    rows = [{"reference": "two\nlines\u2028", "score": math.nan}, {"reference": "half \ud800 a sign", "score": 1.0}]
    RunFolder(tmp_path).write_json_lines("predictions/test.jsonl", rows)
    lines = (tmp_path / "predictions" / "test.jsonl").read_bytes().split(b"\n")
    found = [json.loads(line.decode("utf-8", "surrogatepass")) for line in lines[:-1]]
    assert found == [{**rows[0], "score": None}, rows[1]]
    assert lines[-1] == b""


def test_changed_encoder_files_are_refused(tmp_path: Path) -> None:
    def make_run(name: str, word: str) -> RunFolder:
        folder = RunFolder(tmp_path / name)
        folder.write_json("config.json", {})

        def save(encoder: Path) -> None:
            encoder.mkdir()
            (encoder / "vocabulary.txt").write_text(word)

        folder.save_encoder(save)
        return folder

    folder, other = make_run("one", "film"), make_run("other", "farm")
    assert folder.checked_encoder() == tmp_path / "one" / "encoder"
    (folder.path / "encoder" / "vocabulary.txt").write_text("farm")
    with pytest.raises(RunError, match="vocabulary.txt is not the file that was saved"):
        folder.checked_encoder()
    # The files of another run, with their checksums.
    shutil.copytree(other.checked_encoder(), folder.path / "encoder", dirs_exist_ok=True)
    with pytest.raises(RunError, match="encoder/SHA256SUMS is of another run"):
        folder.checked_encoder()


@pytest.mark.parametrize("name", ["config.json", "metrics.json"])
def test_run_of_format_1_is_refused_with_the_command_that_trained_it(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(json.dumps({"format": 1, "command": "train.py sentiment --cell gru"}))
    with pytest.raises(RunError) as refusal:
        RunFolder(tmp_path).read_json(name)
    assert str(refusal.value) == (
        f"{tmp_path} has run format 1, this program reads format {FORMAT}; "
        "train it again: python train.py sentiment --cell gru"
    )


def test_run_of_a_newer_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"format": FORMAT + 1}))
    with pytest.raises(RunError, match=f"has format {FORMAT + 1}, this program knows {FORMAT}: update the program$"):
        RunFolder(tmp_path).read_json("config.json")
