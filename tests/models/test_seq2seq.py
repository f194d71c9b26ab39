"""One step at a time the model says what it says of whole sequences, and what is at padding does not matter."""

from dataclasses import replace

import keras
import numpy as np
import pytest
import tensorflow as tf

from models.attention import MASKED_LOGIT
from models.beam_search import BeamSearch, SearchConfig
from models.cells import CELLS
from models.decoder import DecoderSettings, SmoothedCrossEntropy
from models.incremental import attention_weights
from models.seq2seq import Seq2SeqSettings, build_seq2seq, incremental_seq2seq, source_embedding
from schema.configs import RecurrentSettings

RECURRENT = RecurrentSettings("lstm", units=6, layers=2, bidirectional=True, dropout=0.5)
DECODER = DecoderSettings(
    vocab_size=12,
    recurrent=RECURRENT,
    embedding_size=5,
    attention="additive",
    word_dropout=0.2,
    embedding_dropout=0.3,
    memory_dropout=0.3,
)
SOURCE = np.array([[4, 5, 6, 7, 3], [8, 3, 0, 0, 0]], np.int32)
TARGET = np.array([[2, 9, 10], [2, 11, 4]], np.int32)


def model_of(cell: str = "lstm", copying: bool = False, share_embeddings: bool = False, **changes) -> keras.Model:
    keras.utils.set_random_seed(3)
    decoder = replace(DECODER, recurrent=replace(RECURRENT, cell=cell), **changes)
    return build_seq2seq(Seq2SeqSettings(decoder, copying, share_embeddings, marks=(1, 3)))


KINDS = [
    {"attention": "additive"},
    {"attention": "multiplicative", "share_embeddings": True},
    {"attention": "none", "copying": True},
    {"attention": "additive", "copying": True, "coverage_weight": 1.0},
]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("cell", CELLS)
def test_step_by_step_is_as_in_training(cell, kind, tmp_path):
    model = model_of(cell=cell, **kind)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    assert {layer.name for layer in loaded.layers} == {layer.name for layer in model.layers}
    stepper = incremental_seq2seq(loaded)
    whole = tf.nn.log_softmax(model({"source": SOURCE, "target": TARGET})).numpy()
    state = stepper.start(tf.constant(SOURCE))
    for place, said in enumerate(TARGET.T):
        logs, state, _ = stepper.step(tf.constant(said), state)
        np.testing.assert_allclose(logs, whole[:, place], atol=1e-5)


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("cell", CELLS)
def test_a_beam_gives_each_answer_the_score_it_has_when_read_as_a_whole(cell, kind):
    model = model_of(cell=cell, **kind)
    # A network that was just made says nearly the same whatever came before: two answers would be mixed up unnoticed.
    for weight in model.trainable_variables:
        weight.assign(3 * weight)
    search = SearchConfig(beam_size=4, max_length=6, max_length_ratio=None, min_length=2, length_penalty=0.7)
    found = BeamSearch(incremental_seq2seq(model), begin=2, end=3)(SOURCE, search)
    assert (found.scores > MASKED_LOGIT / 2).all()
    for source, answers, scores in zip(SOURCE, found.ids, found.scores, strict=True):
        for ids, score in zip(answers, scores, strict=True):
            said = ids[ids != 0]
            whole = model({"source": source[None], "target": np.array([[2, *said]], np.int32)})
            logs = tf.nn.log_softmax(whole).numpy()[0, np.arange(len(said) + 1), [*said, 3]]
            assert score == pytest.approx(logs.sum() / len(logs) ** 0.7, abs=1e-4)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_neither_padding_nor_neighbours_change_what_is_said(kind):
    model = model_of(**kind)
    whole = np.array(model({"source": SOURCE, "target": TARGET}))
    padded = {"source": np.pad(SOURCE, ((0, 0), (0, 4))), "target": np.pad(TARGET, ((0, 0), (0, 2)))}
    np.testing.assert_allclose(np.array(model(padded))[:, :3], whole, atol=1e-5)
    alone = model({"source": SOURCE[1:, :2], "target": TARGET[1:]})
    np.testing.assert_allclose(np.array(alone)[0], whole[1], atol=1e-5)


def test_one_table_for_both_sides_is_learnt_from_both():
    model, apart = model_of(share_embeddings=True), model_of()
    assert source_embedding(model) is model.get_layer("target_embedding")
    assert source_embedding(apart) is not apart.get_layer("target_embedding")
    with tf.GradientTape() as tape:
        logits = model({"source": SOURCE, "target": TARGET})
        loss = tf.reduce_sum(logits[..., :3] ** 2)
    of_table = tf.convert_to_tensor(tape.gradient(loss, source_embedding(model).vectors))
    # 6 stands in sources alone, 9 in targets alone; neither is among the logits that are asked about.
    assert np.abs(of_table[6]).sum() > 0 and np.abs(of_table[9]).sum() > 0


def test_what_was_attended_to_adds_up_to_one_over_the_source():
    stepper = incremental_seq2seq(model_of())
    weights = attention_weights(stepper, SOURCE, TARGET)
    assert weights.shape == (2, 3, 5)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-5)
    assert not weights[1, :, 2:].any()
    assert attention_weights(incremental_seq2seq(model_of(attention="none")), SOURCE, TARGET) is None


def test_where_words_are_copied_there_are_probabilities():
    said = np.exp(np.array(model_of(copying=True)({"source": SOURCE, "target": TARGET})))
    np.testing.assert_allclose(said.sum(axis=-1), 1, rtol=1e-4)
    # Nobody would say padding; it must not be copied either.
    plain = np.array(tf.nn.softmax(model_of()({"source": SOURCE, "target": TARGET})))
    assert (said[1, :, 0] < plain[1, :, 0]).all()


def test_target_vectors_are_used_twice():
    model = model_of(vocab_size=999)
    sizes = [tuple(weight.shape) for weight in model.trainable_variables if 999 in weight.shape]
    assert sorted(sizes) == [(999,), (999, 5), (999, 5)]


def test_the_loss_worked_out_by_hand():
    logits = np.log(np.array([[[0.5, 0.25, 0.25], [0.1, 0.1, 0.8], [0.2, 0.2, 0.6]]], np.float32))
    targets = np.array([[0, 2, -1]], np.int32)
    surprise = -np.log([0.5, 0.8])
    even = [-np.log([0.5, 0.25, 0.25]).mean(), -np.log([0.1, 0.1, 0.8]).mean()]
    assert float(SmoothedCrossEntropy(0.0, -1)(targets, logits)) == pytest.approx(surprise.mean(), rel=1e-5)
    mixed = (0.9 * surprise + 0.1 * np.array(even)).mean()
    assert float(SmoothedCrossEntropy(0.1, -1)(targets, logits)) == pytest.approx(mixed, rel=1e-5)
