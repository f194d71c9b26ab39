"""TFDS builder of the Broad Twitter Corpus: persons, locations and organizations in tweets (Derczynski et al. 2016).

The six sections are read from the manual directory (`DATA_DIR/downloads/manual/broad_twitter_corpus/a.conll` and so
on) or downloaded from the authors' repository at a fixed commit. Their checksums are verified in both cases.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tensorflow_datasets as tfds

from data.readers.conll import read_entities

_COMMIT = "0c45ef7b1924a6b8115bceab388781590b1b553a"
_URL = f"https://raw.githubusercontent.com/GateNLP/broad_twitter_corpus/{_COMMIT}"

KINDS = ("PER", "LOC", "ORG")

_TRAIN, _TRAIN_AND_DEV, _TEST = ("a", "b", "e", "g"), "h", "f"
_TRAIN_TWEETS = 1000
"""Number of tweets of section H in train; the others are the development split (README of the corpus)."""


class BroadTwitterCorpus(tfds.core.GeneratorBasedBuilder):
    """Tweets as tokens with IOB2 tags of PER, LOC and ORG; splits `train`, `dev`, `test`."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": f"Commit {_COMMIT[:7]} of GateNLP/broad_twitter_corpus."}

    def _info(self) -> tfds.core.DatasetInfo:
        tags = tfds.features.ClassLabel(names=["O", *(f"{prefix}-{kind}" for kind in KINDS for prefix in "BI")])
        return self.dataset_info_from_configs(
            description="Named entities in tweets of several years, places and kinds of sender. CC BY 4.0.",
            features=tfds.features.FeaturesDict(
                {"tokens": tfds.features.Sequence(tfds.features.Text()), "tags": tfds.features.Sequence(tags)}
            ),
            homepage="https://github.com/GateNLP/broad_twitter_corpus",
            citation="Derczynski, Bontcheva, Roberts: Broad Twitter Corpus. COLING 2016.",
            disable_shuffling=True,
        )

    def _split_generators(self, dl_manager: tfds.download.DownloadManager) -> Mapping[str, Iterator[Any]]:
        sections = (*_TRAIN, _TRAIN_AND_DEV, _TEST)
        paths = dl_manager.download({section: f"{_URL}/{section}.conll" for section in sections})
        everything = slice(None)
        train = {**{paths[section]: everything for section in _TRAIN}, paths[_TRAIN_AND_DEV]: slice(_TRAIN_TWEETS)}
        return {
            "train": self._generate_examples(train),
            "dev": self._generate_examples({paths[_TRAIN_AND_DEV]: slice(_TRAIN_TWEETS, None)}),
            "test": self._generate_examples({paths[_TEST]: everything}),
        }

    def _generate_examples(self, parts: Mapping[Any, slice]) -> Iterator[tuple[int, Mapping[str, Any]]]:
        tweets = [tweet for path, part in parts.items() for tweet in read_entities(Path(path))[part]]
        for index, tweet in enumerate(tweets):
            yield index, {"tokens": list(tweet.words), "tags": list(tweet.tags)}
