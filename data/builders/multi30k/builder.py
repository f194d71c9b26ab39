"""Descriptions of pictures in English, German and French (Elliott et al. 2016, 2017), as a TFDS data set.

The raw files come from the manual directory (`DATA_DIR/downloads/manual/multi30k/train.en.gz` and so on) where they lie
there, else from the authors' repository at a fixed commit; either way their checksums must be right.
"""

import gzip
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds

_COMMIT = "a3d2e0d26b56f3846f66a952536ffed4e401d05a"
_URL = f"https://raw.githubusercontent.com/multi30k/dataset/{_COMMIT}/data/task1/raw"

LANGUAGES = ("en", "de", "fr")
PARTS = {"train": "train", "validation": "val", "test": "test_2016_flickr"}


class Multi30k(tfds.core.GeneratorBasedBuilder):
    """A sentence and its translations; splits `train`, `validation` and `test` (test_2016_flickr)."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": f"Commit {_COMMIT[:7]} of multi30k/dataset, task 1, raw."}

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            description="English descriptions of pictures with their German and French translations.",
            features=tfds.features.FeaturesDict({language: tfds.features.Text() for language in LANGUAGES}),
            homepage="https://github.com/multi30k/dataset",
            citation="Elliott, Frank, Sima'an, Specia: Multi30K. Workshop on Vision and Language 2016.",
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> Mapping[str, Iterator[Any]]:
        names = {(split, language): f"{part}.{language}.gz" for split, part in PARTS.items() for language in LANGUAGES}
        paths = dl_manager.download({name: f"{_URL}/{name}" for name in names.values()})
        return {
            split: self._generate_examples({language: paths[names[split, language]] for language in LANGUAGES})
            for split in PARTS
        }

    def _generate_examples(self, paths: Mapping[str, Any]) -> Iterator[tuple[int, Mapping[str, str]]]:
        texts = {language: _lines(Path(path)) for language, path in paths.items()}
        for place, row in enumerate(zip(*texts.values(), strict=True)):
            yield place, dict(zip(texts, row, strict=True))


def _lines(path: Path) -> list[str]:
    """The lines of a gzipped file; what ends in LF is a line, and spaces around it are none of its own."""
    text = gzip.decompress(path.read_bytes()).decode("utf-8")
    return [line.strip() for line in text.removesuffix("\n").split("\n")]
