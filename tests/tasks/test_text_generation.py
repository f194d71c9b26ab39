"""Text generation: effects of the flags on the model, copying, attention, and lowercase texts."""

import keras
import numpy as np
import pytest

from models.beam_search import SearchConfig
from schema.encoded import END, UNKNOWN
from schema.examples import Splits, TextPair
from tasks.translation import TASK, TranslationConfig

SMALL = {"units": 4, "embedding_size": 4, "vocab_size": 30}
PAIRS = [TextPair("The dog runs", "Der Hund rennt"), TextPair("The cat eats", "Die Katze frisst")]


def layers(**flags) -> set[str]:
    config = TranslationConfig(**SMALL, **flags)
    fitted = TASK.fit_encoder(Splits("made up", "", PAIRS, PAIRS, []), config)
    return {layer.name for layer in TASK.build_model(fitted, config).layers}


@pytest.mark.parametrize(
    ("flags", "added"),
    [
        ({"copying": True}, ["pointer"]),
        ({"copying": True, "coverage_weight": 1.0}, ["coverage", "pointer"]),
    ],
    ids=str,
)
def test_a_flag_adds_its_layers(flags, added):
    assert sorted(layers(**flags) - layers()) == added


@pytest.mark.parametrize(
    ("flags", "removed"), [({"share_embeddings": True}, {"embedding"}), ({"attention": "none"}, {"attention"})]
)
def test_a_flag_removes_its_layers(flags, removed):
    assert removed <= layers() - layers(**flags)


@pytest.mark.parametrize("beam_size", [1, 4])
def test_unknown_characters_are_never_copied(beam_size):
    config = TranslationConfig(**SMALL, copying=True)
    fitted = TASK.fit_encoder(Splits("made up", "", PAIRS, PAIRS, []), config)
    model = TASK.build_model(fitted, config)
    # The model only copies.
    model.get_layer("pointer").bias.assign([-50.0])
    result = TASK.make_beam_search(model)(
        np.array([[UNKNOWN, UNKNOWN, UNKNOWN, END]], np.int32), SearchConfig(beam_size=beam_size)
    )
    assert not (result.ids == UNKNOWN).any()
    assert (result.ids[:, 0] != 0).any()


def test_attention_covers_the_generated_subwords():
    config = TranslationConfig(**SMALL)
    fitted = TASK.fit_encoder(Splits("made up", "", PAIRS, PAIRS, []), config)
    keras.utils.set_random_seed(1)
    model, subwords = TASK.build_model(fitted, config), fitted.encoder.subwords
    predictions = TASK.predict(
        model, fitted.encoder, fitted.encoder.encode(PAIRS), TASK.predict_config_class(show_attention=True)
    )
    # An untrained model generates other subwords than the text would be split into.
    assert any(list(prediction.ids) != subwords.encode([prediction.text])[0] for prediction in predictions)
    for prediction in predictions:
        assert prediction.attention.target == tuple(subwords.tokens([*prediction.ids, END]))
        shape = (len(prediction.ids) + 1, len(prediction.attention.source))
        assert prediction.attention.weights.shape == shape


def test_lowercase_applies_to_sources_and_targets():
    fitted = TASK.fit_encoder(Splits("made up", "", PAIRS, PAIRS, []), TranslationConfig(**SMALL, lowercase=True))
    targets = [row.tolist() for row in fitted.encoded.targets]
    assert fitted.encoder.subwords.detokenize(targets) == ["der hund rennt", "die katze frisst"]
