"""TFDS builder of Multi30k: image descriptions in English, German and French (Elliott et al. 2016, 2017).

The raw files are read from the manual directory (`DATA_DIR/downloads/manual/multi30k/train.en.gz` and so on) or
downloaded from the authors' repository at a fixed commit. Their checksums are verified in both cases.
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
    """Sentences with their translations; splits `train`, `validation` and `test` (test_2016_flickr)."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": f"Commit {_COMMIT[:7]} of multi30k/dataset, task 1, raw."}

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            description="English descriptions of images with their German and French translations.",
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
        for index, row in enumerate(zip(*texts.values(), strict=True)):
            yield index, dict(zip(texts, row, strict=True))


def _lines(path: Path) -> list[str]:
    """The lines of a gzipped file, separated by LF alone and stripped of white space."""
    text = gzip.decompress(path.read_bytes()).decode("utf-8")
    return [line.strip() for line in text.removesuffix("\n").split("\n")]
