"""Labels of the user's own files that nothing can be learned from."""

from pathlib import Path

import pytest

from schema.errors import UserError
from tasks.sentiment import TASK


def load(path: Path, lines: list[str], **flags: str) -> int:
    path.write_text("".join(f"{line}\n" for line in lines))
    config = TASK.config_class(train_file=path, **flags)
    return len(TASK.load_files(path, config).train)


SWAPPED = [f"{'spam' if number % 3 else 'ham'}\tthe book number {number} was good" for number in range(40)]


@pytest.mark.parametrize("copies", [1, 2])
def test_a_label_before_the_text_is_refused_unless_the_columns_are_chosen(tmp_path: Path, copies: int) -> None:
    path = tmp_path / "a.tsv"
    with pytest.raises(UserError) as error:
        load(path, SWAPPED * copies)
    first, second = str(error.value).splitlines()
    assert first == (f"{path}: {40 * copies} examples have 40 different labels, such as 'the book number 0 was good'.")
    assert second == "If the label stands before the text, use --text-column 2 --label-column 1"
    assert load(path, SWAPPED * copies, text_column="2", label_column="1") == 40 * copies


def test_texts_with_a_label_of_their_own_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="12 examples have 12 different labels, such as '0'"):
        load(tmp_path / "a.tsv", [f"text {number}\t{number}" for number in range(12)])


def test_many_classes_that_repeat_are_read(tmp_path: Path) -> None:
    lines = [f"text {number}\tclass {number % 20}" for number in range(60)]
    assert load(tmp_path / "a.tsv", lines) == 60
    assert load(tmp_path / "a.tsv", ["one\ta", "two\tb", "three\tc"]) == 3
