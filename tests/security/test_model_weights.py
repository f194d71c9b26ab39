"""No archive and no file of weights gets to Keras that holds more than plain numbers, or leads out of the file."""

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from schema.errors import RunError
from tests.security.model_files import valid_description, valid_weights
from training.model_archive import check_archive

ROOT = Path(__file__).parents[2]


def refusal(path: Path) -> str:
    with pytest.raises(RunError) as error:
        check_archive(path)
    assert "\n" not in str(error.value)
    return str(error.value)


KERNEL = "layers/dense/vars/0"


def external_link(file: h5py.File, outside: Path) -> None:
    del file[KERNEL]
    file[KERNEL] = h5py.ExternalLink(str(outside), "kernel")


def soft_link(file: h5py.File, outside: Path) -> None:
    file["layers/dense/vars/2"] = h5py.SoftLink("/layers/dense/vars/0")


def external_storage(file: h5py.File, outside: Path) -> None:
    del file[KERNEL]
    file.create_dataset(KERNEL, (3, 2), "float32", external=[(str(outside), 0, h5py.h5f.UNLIMITED)])


def virtual_dataset(file: h5py.File, outside: Path) -> None:
    layout = h5py.VirtualLayout((3, 2), "float32")
    layout[:] = h5py.VirtualSource(str(outside), "kernel", (3, 2))
    del file[KERNEL]
    file.create_virtual_dataset(KERNEL, layout)


def compressed(file: h5py.File, outside: Path) -> None:
    del file[KERNEL]
    file.create_dataset(KERNEL, data=np.zeros((3000, 2000), np.float32), compression="gzip")


def chunks_of_nothing(file: h5py.File, outside: Path) -> None:
    del file[KERNEL]
    file.create_dataset(KERNEL, (2**31, 2**20), "float32", chunks=(1024, 1024))


def empty_space(file: h5py.File, outside: Path) -> None:
    properties = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    properties.set_alloc_time(h5py.h5d.ALLOC_TIME_LATE)
    del file[KERNEL]
    space = h5py.h5s.create_simple((2**31, 2**20))
    h5py.h5d.create(file["layers/dense/vars"].id, b"0", h5py.h5t.IEEE_F32LE, space, properties)


def texts(file: h5py.File, outside: Path) -> None:
    file["layers/dense/vars/2"] = ["a", "b"]


def references(file: h5py.File, outside: Path) -> None:
    file["layers/dense/vars/2"] = np.array([file[KERNEL].ref], h5py.ref_dtype)


def a_circle(file: h5py.File, outside: Path) -> None:
    file["layers/dense/again"] = file["layers"]


@pytest.mark.parametrize(
    "spoil",
    [
        external_link,
        soft_link,
        external_storage,
        virtual_dataset,
        compressed,
        chunks_of_nothing,
        empty_space,
        texts,
        references,
        a_circle,
    ],
)
def test_weights_are_plain_numbers_inside_of_the_file(
    spoil: Callable[[h5py.File, Path], None], archive: Callable[..., Path], canary: Path
) -> None:
    refusal(archive({"model.weights.h5": valid_weights(lambda file: spoil(file, canary))}))


@pytest.mark.parametrize("content", [b"", b"x" * 5000, valid_weights()[:900]], ids=["empty", "no HDF5", "cut short"])
def test_weights_that_are_none_are_refused(content: bytes, archive: Callable[..., Path]) -> None:
    refusal(archive({"model.weights.h5": content}))


@pytest.mark.parametrize("missing", ["metadata.json", "config.json", "model.weights.h5"])
def test_each_member_is_needed(missing: str, archive: Callable[..., Path]) -> None:
    refusal(archive({missing: None}))


@pytest.mark.parametrize(
    "name",
    [
        "../outside/canary.txt",
        "/etc/passwd",
        "assets/x.txt",
        "model.pkl",
        "config.json/",
        "a\\b",
        "C:x",
        "code.py",
        "x\x00y",
    ],
)
def test_no_other_member_is_taken(name: str, archive: Callable[..., Path], canary: Path) -> None:
    refusal(archive({name: "x"}))


def test_no_member_is_compressed(archive: Callable[..., Path]) -> None:
    refusal(archive(compression=zipfile.ZIP_DEFLATED))


def test_no_member_stands_twice(archive: Callable[..., Path]) -> None:
    path = archive()
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as file:
        file.writestr("config.json", json.dumps(valid_description()))
    refusal(path)


@pytest.mark.parametrize("content", [b"", b"PK", b"x" * 100, b"PK\x05\x06" + bytes(18)])
def test_files_that_are_no_archive_are_refused(content: bytes, archive: Callable[..., Path]) -> None:
    path = archive()
    path.write_bytes(content)
    refusal(path)


def test_an_archive_with_an_archive_before_it_is_that_archive(archive: Callable[..., Path]) -> None:
    path = archive()
    path.write_bytes(b"#!/bin/sh\n" + path.read_bytes())
    check_archive(path)


BOMB = """
import resource, sys
from pathlib import Path
from schema.errors import RunError
from training.model_archive import check_archive
resource.setrlimit(resource.RLIMIT_DATA, (250_000_000, 250_000_000))
try:
    check_archive(Path(sys.argv[1]))
except RunError as error:
    print("refused")
"""


@pytest.mark.parametrize("bomb", ["description", "weights"])
def test_bombs_are_refused_before_they_take_memory(bomb: str, archive: Callable[..., Path]) -> None:
    if bomb == "description":
        path = archive({"config.json": " " * 400_000_000}, compression=zipfile.ZIP_DEFLATED)
    else:
        path = archive({"model.weights.h5": valid_weights(lambda file: empty_space(file, Path()))})
    ended = subprocess.run(
        [sys.executable, "-c", BOMB, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ended.stdout, ended.stderr) == ("refused\n", "")
