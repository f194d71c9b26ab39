"""Flickr8k: both layouts, errors for missing files, and its known sizes."""

import io
import os
import shutil
from pathlib import Path
from unicodedata import normalize

import pytest
from PIL import Image

from data.builders.flickr8k.layout import LISTS, TABLE, TOKENS, read_images, read_layout
from data.readers.datasets import load_captions
from data.readers.tfds import NoNetwork
from schema.errors import RunError, UserError


def jpeg(color: int) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (8, 8), (color, 0, 0)).save(content, "JPEG")
    return content.getvalue()


def write_original_layout(folder: Path, images: str = "Flicker8k_Dataset") -> Path:
    """Write four images, one of which is in no list, in the layout of the authors."""
    (folder / images).mkdir(parents=True)
    for number in range(4):
        (folder / images / f"{number}.jpg").write_bytes(jpeg(60 * number))
    lines = [f"{number}.jpg#{index}\tcaption {index} of {number} ." for number in range(4) for index in range(2)]
    (folder / TOKENS).write_text("\n".join([*lines, "5.jpg.1#0\tof nothing\n"]))
    for number, name in enumerate(LISTS.values()):
        (folder / name).write_text(f"{number}.jpg\n")
    return folder


@pytest.mark.parametrize("images", ["Flicker8k_Dataset", "Images"])
def test_the_lists_define_the_splits(tmp_path: Path, images: str):
    layout = read_layout(write_original_layout(tmp_path, images))
    assert layout.official
    found = {split: [(path.name, captions) for path, captions in entries] for split, entries in layout.splits.items()}
    assert found == {
        split: [(f"{number}.jpg", (f"caption 0 of {number} .", f"caption 1 of {number} ."))]
        for number, split in enumerate(("train", "dev", "test"))
    }


def test_without_lists_the_splits_are_reproducible(tmp_path: Path):
    (tmp_path / "Images").mkdir()
    rows = ["image,caption"]
    for number in range(24):
        (tmp_path / "Images" / f"{number}.jpg").write_bytes(jpeg(number))
        rows += [f"{number}.jpg,A dog , wet , runs .", f'{number}.jpg,"Two ""dogs"", both wet ."']
    (tmp_path / TABLE).write_text("\n".join(rows) + "\n")
    layout = read_layout(tmp_path)
    assert not layout.official
    assert {split: len(entries) for split, entries in layout.splits.items()} == {"train": 18, "dev": 3, "test": 3}
    assert layout.splits == read_layout(tmp_path).splits
    assert layout.splits["train"][0][1] == ("A dog , wet , runs .", 'Two "dogs", both wet .')


def test_the_header_is_optional_and_captions_may_begin_with_quotes(tmp_path: Path):
    rows = ['0.jpg,"Hello" , he says', "0.jpg,a dog , wet", '1.jpg,"a ""dog"", wet"']
    for number in range(2):
        (tmp_path / f"{number}.jpg").write_bytes(jpeg(number))
    for header in ([], ["image,caption"]):
        (tmp_path / TABLE).write_text("\n".join([*header, *rows]))
        assert [captions for _, captions in read_images(tmp_path)] == [
            ('"Hello" , he says', "a dog , wet"),
            ('a "dog", wet',),
        ]


def test_names_may_be_quoted_and_empty_captions_are_skipped(tmp_path: Path):
    for name in ("a,1.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(jpeg(9))
    rows = ['"image","caption"', '"a,1.jpg","a dog, wet"', "b.jpg, ", "b.jpg,a cat"]
    (tmp_path / TABLE).write_text("\n".join(rows))
    assert [captions for _, captions in read_images(tmp_path)] == [("a dog, wet",), ("a cat",)]
    (tmp_path / TABLE).write_text('"a,1.jpg",a dog\nb.jpg\n')
    with pytest.raises(UserError, match=r"captions.txt:2: b.jpg has no caption with a letter or a digit"):
        read_images(tmp_path)


@pytest.mark.parametrize(
    ("table", "captions"),
    [
        ('image,caption\n0.jpg,"a dog,\nwet"\n', ["a dog, wet"]),
        ("Caption;Filename\na dog, wet;0.jpg\n", ["a dog, wet"]),
        ("id\tphoto\tdescription\n7\t0.jpg\ta dog, wet\n", ["a dog, wet"]),
        ("\ufeff0.jpg\ta dog\r\n0.jpg\t!!\r\n", ["a dog"]),
        ('0.jpg,"a dog\n', ['"a dog']),
    ],
)
def test_a_table_of_captions_is_read_as_other_tables(tmp_path: Path, table: str, captions: list[str]):
    (tmp_path / "0.jpg").write_bytes(jpeg(9))
    (tmp_path / TABLE).write_text(table, newline="")
    assert [(path.name, list(found)) for path, found in read_images(tmp_path)] == [("0.jpg", captions)]


def test_captions_that_are_not_utf_8_are_an_error(tmp_path: Path):
    (tmp_path / TABLE).write_bytes("image,caption\n0.jpg,ein Mädchen\n".encode("latin-1"))
    with pytest.raises(
        UserError, match=r"captions.txt:2: byte 0xe4 is not UTF-8 \(column 12\); save the file as UTF-8"
    ):
        read_images(tmp_path)


@pytest.mark.parametrize(("on_disk", "in_table"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_names_of_images_are_compared_in_one_normal_form(tmp_path: Path, on_disk: str, in_table: str):
    (tmp_path / normalize(on_disk, "Mädchen.jpg")).write_bytes(jpeg(9))
    (tmp_path / TABLE).write_text(normalize(in_table, "Mädchen.jpg,a girl\n"))
    assert [captions for _, captions in read_images(tmp_path)] == [("a girl",)]


def test_with_lists_only_the_listed_images_are_read(tmp_path: Path):
    assert [path.name for path, _ in read_images(write_original_layout(tmp_path))] == ["0.jpg", "1.jpg", "2.jpg"]


def test_errors_name_missing_and_unreadable_images_of_a_table(tmp_path: Path):
    (tmp_path / "Images").mkdir()
    (tmp_path / TABLE).write_text("image,caption\n" + "".join(f"{number}.jpg,a dog\n" for number in range(3)))
    for number in range(2):
        (tmp_path / "Images" / f"{number}.jpg").write_bytes(jpeg(number)[: 10 if number else None])
    for read in (read_layout, read_images):
        with pytest.raises(RunError, match=r"^1 images are not in .*Images: 2\.jpg$"):
            read(tmp_path)
    (tmp_path / "Images" / "2.jpg").write_bytes(jpeg(2))
    for read in (read_layout, read_images):
        with pytest.raises(RunError, match=r"^1 images in .*Images cannot be read: 1\.jpg \(not a JPEG or PNG file"):
            read(tmp_path)
    (tmp_path / TABLE).write_text("image,caption\n")
    with pytest.raises(RunError, match="holds no captions"):
        read_images(tmp_path)


def test_a_name_that_is_too_long_for_the_disk_is_a_missing_image(tmp_path: Path):
    (tmp_path / TABLE).write_text(f"image,caption\n{300 * 'x'}.jpg,a dog\n")
    with pytest.raises(RunError, match="^1 images are not in "):
        read_images(tmp_path)


def test_errors_name_missing_files(tmp_path: Path):
    folder = write_original_layout(tmp_path / "complete")
    incomplete = Path(shutil.copytree(folder, tmp_path / "incomplete"))
    (incomplete / "Flicker8k_Dataset" / "1.jpg").unlink()
    with pytest.raises(RunError, match=r"^1 images are not in .*Flicker8k_Dataset: 1\.jpg$"):
        read_layout(incomplete)
    (incomplete / LISTS["dev"]).unlink()
    with pytest.raises(RunError, match=r"lacks Flickr_8k\.devImages\.txt, the lists of the images of each split$"):
        read_layout(incomplete)
    (incomplete / TOKENS).unlink()
    with pytest.raises(RunError, match=r"contains neither Flickr8k\.token\.txt nor captions\.txt"):
        read_layout(incomplete)
    with pytest.raises(RunError, match=r"contains none of the folders Flicker8k_Dataset"):
        read_layout(tmp_path)


@pytest.mark.parametrize("name", ["../secret.jpg", "/{outside}/secret.jpg", "deep/../../secret.jpg"])
def test_a_path_outside_the_folder_is_an_error(tmp_path: Path, name: str):
    (tmp_path / "secret.jpg").write_bytes(jpeg(0))
    folder = write_original_layout(tmp_path / "complete")
    name = name.format(outside=tmp_path)
    (folder / LISTS["dev"]).write_text(f"{name}\n")
    with pytest.raises(RunError, match=r"secret\.jpg' is outside the folder of images, .*Flicker8k_Dataset$"):
        read_layout(folder)
    own = tmp_path / "own"
    own.mkdir()
    (own / TABLE).write_text(f"image,caption\n{name},a secret\n")
    with pytest.raises(RunError, match=r"secret\.jpg' is outside the folder of images"):
        read_images(own)


def test_it_is_prepared_from_manual_files(no_datasets: Path):
    write_original_layout(no_datasets / "downloads" / "manual" / "flickr8k")
    raw = load_captions()
    assert [len(part) for part in (raw.train, raw.validation, raw.test)] == [1, 1, 1]
    assert raw.train[0].captions == ("caption 0 of 0 .", "caption 1 of 0 .")
    assert raw.test[0].captions == ("caption 0 of 2 .", "caption 1 of 2 .")
    assert raw.train[0].image == jpeg(0)
    assert raw.source == "flickr8k:1.0.0:official"


def test_an_unreadable_image_is_named(no_datasets: Path):
    folder = write_original_layout(no_datasets / "downloads" / "manual" / "flickr8k")
    (folder / "Flicker8k_Dataset" / "2.jpg").write_bytes(jpeg(9)[:200])
    with pytest.raises(RunError, match=r"1 images in .* cannot be read: 2\.jpg \(not a JPEG or PNG file"):
        load_captions()


def test_without_files_the_error_has_instructions(no_datasets: Path):
    with pytest.raises(NoNetwork) as error:
        load_captions()
    assert str(no_datasets / "downloads" / "manual" / "flickr8k") in str(error.value)
    assert "sent on request" in str(error.value)


@pytest.mark.real_data
def test_it_has_its_known_sizes():
    folder = Path(os.environ.get("TFDS_DATA_DIR", "~/tensorflow_datasets")).expanduser() / "downloads/manual/flickr8k"
    if not folder.exists():
        pytest.skip("the files of flickr8k are not on this machine; set TFDS_DATA_DIR to their folder")
    layout = read_layout(folder)
    assert {split: len(entries) for split, entries in layout.splits.items()} == {
        "train": 6000,
        "dev": 1000,
        "test": 1000,
    }
    assert all(len(captions) == 5 for entries in layout.splits.values() for _, captions in entries)
