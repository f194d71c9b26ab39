"""Files of all encoders: each missing or corrupt file is named by the error."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from data.encoders.caption import CaptionEncoder, CaptionSettings
from data.encoders.frame import SavedEncoder, class_ids, distinct_labels
from data.encoders.ngram_features import NgramSettings
from data.encoders.orthography import OrthographicSettings
from data.encoders.pair import PairEncoder, PairSettings
from data.encoders.related_words import RelatedWords
from data.encoders.sentence import SentenceEncoder, SentenceSettings
from data.encoders.text import TextEncoder, TextSettings
from data.encoders.word import WordEncoder
from schema.errors import RunError
from schema.examples import LabelledText, TaggedSentence, TextPair

WORDS = [LabelledText("aid", "VERB"), LabelledText("Ann", "PROPN"), LabelledText("aim", "VERB")]
RELATED_WORDS = RelatedWords([("aids", "NOUN")])
ORTHOGRAPHIC_FILES = ["orthographic.txt", "related_words.json"]

ENCODERS: Mapping[str, Callable[[], SavedEncoder]] = {
    "word": lambda: WordEncoder.fit(WORDS, OrthographicSettings(1, 1), RELATED_WORDS),
    "sentence": lambda: SentenceEncoder.fit(
        [TaggedSentence(("aid", "Ann"), ("VERB", "PROPN"))], SentenceSettings(2, 1, 1), None, RELATED_WORDS
    ),
    "text": lambda: TextEncoder.fit(WORDS, TextSettings("words", 10, 0), 100, NgramSettings(min_texts=1))[0],
    "pair": lambda: PairEncoder.fit([TextPair("a b", "c")], PairSettings(4, 3), vocab_size=20),
    "caption": lambda: CaptionEncoder.fit(["a dog"], CaptionSettings("small", "regions", 4), min_count=1),
}
FILES = {
    "word": ORTHOGRAPHIC_FILES,
    "sentence": ["words.txt", "chars.txt", "vector_words.txt", *ORTHOGRAPHIC_FILES],
    "text": ["vocabulary.txt", "ngrams.tsv"],
    "pair": ["subwords.json"],
    "caption": ["vocabulary.txt"],
}
SETTINGS = {
    "word": ["max_suffix", "labels", "related_words"],
    "sentence": ["max_suffix", "tags", "rare_from", "related_words"],
    "text": ["head_tokens", "labels", "ngram_features"],
    "pair": ["max_target_length"],
    "caption": ["image_encoder"],
}


def pairs(names: Mapping[str, list[str]]) -> list[tuple[str, str]]:
    return [(encoder, name) for encoder in ENCODERS for name in names[encoder]]


def change_description(folder: Path, change: Callable[[Any], object]) -> None:
    path = folder / "encoder.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))


@pytest.mark.parametrize("name", ENCODERS)
def test_these_are_all_files(tmp_path: Path, name: str):
    ENCODERS[name]().save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"encoder.json", *FILES[name]}


@pytest.mark.parametrize(("name", "file"), [*pairs(FILES), *((name, "encoder.json") for name in ENCODERS)])
def test_the_error_names_a_missing_or_corrupt_file(tmp_path: Path, name: str, file: str):
    encoder = ENCODERS[name]()
    encoder.save(tmp_path)
    (tmp_path / file).write_bytes(b"\xff\n\xff")
    with pytest.raises(RunError, match=rf"{file} is damaged .*; train the run again"):
        type(encoder).load(tmp_path)
    (tmp_path / file).unlink()
    with pytest.raises(RunError, match=f"{file} is missing; .* train it again"):
        type(encoder).load(tmp_path)


@pytest.mark.parametrize(("name", "setting"), pairs(SETTINGS))
def test_a_missing_setting_is_an_error(tmp_path: Path, name: str, setting: str):
    encoder = ENCODERS[name]()
    encoder.save(tmp_path)
    change_description(tmp_path, lambda settings: {key: settings[key] for key in settings if key != setting})
    with pytest.raises(RunError, match="encoder.json is damaged"):
        type(encoder).load(tmp_path)


@pytest.mark.parametrize("version", [1, 99])
@pytest.mark.parametrize("name", ["word", "sentence", "text", "caption"])
def test_an_encoder_that_splits_text_in_another_way_is_refused(tmp_path: Path, name: str, version: int):
    encoder = ENCODERS[name]()
    encoder.save(tmp_path)
    change_description(tmp_path, lambda settings: settings | {"version": version})
    with pytest.raises(RunError, match="encoder.json splits text as another version .*; train the run again"):
        type(encoder).load(tmp_path)


@pytest.mark.parametrize(
    "change",
    [lambda _: [], lambda _: 7, lambda settings: settings | {"more": 1}],
    ids=["list", "number", "unknown setting"],
)
@pytest.mark.parametrize("name", ENCODERS)
def test_an_invalid_description_is_an_error(tmp_path: Path, name: str, change: Callable[[Any], object]):
    encoder = ENCODERS[name]()
    encoder.save(tmp_path)
    change_description(tmp_path, change)
    with pytest.raises(RunError, match="encoder.json is damaged"):
        type(encoder).load(tmp_path)


@pytest.mark.parametrize(
    ("name", "setting"),
    [("word", "labels"), ("text", "labels"), ("sentence", "tags"), ("sentence", "rare_from")],
)
def test_a_setting_without_value_is_an_error(tmp_path: Path, name: str, setting: str):
    encoder = ENCODERS[name]()
    encoder.save(tmp_path)
    change_description(tmp_path, lambda settings: settings | {setting: None})
    with pytest.raises(RunError, match="encoder.json is damaged"):
        type(encoder).load(tmp_path)


def test_class_ids_are_indices_of_sorted_labels():
    labels = distinct_labels(["b", None, "a", "b"])
    assert labels == ["a", "b"]
    assert class_ids(labels, ["b", "a"]).tolist() == [1, 0]
    assert class_ids(labels, ["b", None]) is None
    assert class_ids(labels, ["b", "c"]) is None
