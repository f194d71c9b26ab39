"""What the flags of tasks that write a text in answer to another do to the network, and to what it reads."""

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
    ("flags", "gone"), [({"share_embeddings": True}, {"embedding"}), ({"attention": "none"}, {"attention"})]
)
def test_a_flag_leaves_layers_out(flags, gone):
    assert gone <= layers() - layers(**flags)


@pytest.mark.parametrize("beam", [1, 4])
def test_unknown_characters_are_never_copied(beam):
    config = TranslationConfig(**SMALL, copying=True)
    fitted = TASK.fit_encoder(Splits("made up", "", PAIRS, PAIRS, []), config)
    model = TASK.build_model(fitted, config)
    # All is copied.
    model.get_layer("pointer").bias.assign([-50.0])
    found = TASK.make_beam_search(model)(
        np.array([[UNKNOWN, UNKNOWN, UNKNOWN, END]], np.int32), SearchConfig(beam_size=beam)
    )
    assert not (found.ids == UNKNOWN).any()
    assert (found.ids[:, 0] != 0).any()


def test_attention_is_shown_of_the_pieces_that_were_said():
    config = TranslationConfig(**SMALL)
    fitted = TASK.fit_encoder(Splits("made up", "", PAIRS, PAIRS, []), config)
    keras.utils.set_random_seed(1)
    model, subwords = TASK.build_model(fitted, config), fitted.encoder.subwords
    answers = TASK.predict(
        model, fitted.encoder, fitted.encoder.encode(PAIRS), TASK.predict_config_class(show_attention=True)
    )
    # What an untrained model says is spelt otherwise than the text would be cut.
    assert any(list(answer.ids) != subwords.encode([answer.text])[0] for answer in answers)
    for answer in answers:
        assert answer.attention.target == tuple(subwords.tokens([*answer.ids, END]))
        assert answer.attention.weights.shape == (len(answer.ids) + 1, len(answer.attention.source))


def test_in_lower_case_everything_is_read_and_written_so():
    fitted = TASK.fit_encoder(Splits("made up", "", PAIRS, PAIRS, []), TranslationConfig(**SMALL, lowercase=True))
    targets = [row.tolist() for row in fitted.encoded.targets]
    assert fitted.encoder.subwords.detokenize(targets) == ["der hund rennt", "die katze frisst"]
