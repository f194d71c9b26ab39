"""TFDS builder of Flickr8k: photographs with five captions each (Hodosh et al. 2013).

The files are sent on request and are read from the manual directory `DATA_DIR/downloads/manual/flickr8k/`. `layout.py`
describes their layout.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds

from data.builders.flickr8k.layout import INSTRUCTIONS, read_layout


class Flickr8k(tfds.core.GeneratorBasedBuilder):
    """Photographs with five captions each; splits `train`, `dev`, `test`."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "The splits of Hodosh et al. (2013), or own splits if their lists are missing."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = INSTRUCTIONS

    def _info(self) -> tfds.core.DatasetInfo:
        return self.dataset_info_from_configs(
            description="Photographs of people and animals, each described by five people.",
            features=tfds.features.FeaturesDict(
                {
                    "name": tfds.features.Text(),
                    # Not "image": prepared data on disk have this name.
                    "picture": tfds.features.Text(),
                    "captions": tfds.features.Sequence(tfds.features.Text()),
                }
            ),
            homepage="https://hockenmaier.cs.illinois.edu/8k-pictures.html",
            citation="Hodosh, Young, Hockenmaier: Framing Image Description as a Ranking Task. JAIR 2013.",
            metadata=tfds.core.MetadataDict(),
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> Mapping[str, Iterator[Any]]:
        layout = read_layout(Path(dl_manager.manual_dir) / self.name)
        self.info.metadata["official"] = layout.official
        return {split: self._generate_examples(entries) for split, entries in layout.splits.items()}

    def _generate_examples(self, entries: Sequence[tuple[Path, tuple[str, ...]]]) -> Iterator[tuple[int, Any]]:
        for index, (path, captions) in enumerate(entries):
            # The content of the file: the image feature of TFDS would decode it at full size.
            yield index, {"name": path.name, "picture": path.read_bytes(), "captions": list(captions)}
