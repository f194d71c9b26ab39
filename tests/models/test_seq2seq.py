"""Step-by-step decoding agrees with the model on whole sequences, and padding has no effect."""

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
from schema.encoded import BEGIN, END, IGNORE_INDEX, PADDING, UNKNOWN

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


def seq2seq(cell: str = "lstm", copying: bool = False, share_embeddings: bool = False, **changes) -> keras.Model:
    keras.utils.set_random_seed(3)
    decoder = replace(DECODER, recurrent=replace(RECURRENT, cell=cell), **changes)
    return build_seq2seq(Seq2SeqSettings(decoder, copying, share_embeddings, special_ids=(UNKNOWN, END)))


VARIANTS = [
    {"attention": "additive"},
    {"attention": "multiplicative", "share_embeddings": True},
    {"attention": "none", "copying": True},
    {"attention": "additive", "copying": True, "coverage_weight": 1.0},
]


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@pytest.mark.parametrize("cell", CELLS)
def test_incremental_decoding_agrees_with_the_whole_model(cell, variant, tmp_path):
    model = seq2seq(cell=cell, **variant)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", compile=False)
    assert {layer.name for layer in loaded.layers} == {layer.name for layer in model.layers}
    decoder = incremental_seq2seq(loaded)
    whole = tf.nn.log_softmax(model({"source": SOURCE, "target": TARGET})).numpy()
    state = decoder.initial_state(tf.constant(SOURCE))
    for step, tokens in enumerate(TARGET.T):
        logs, state, _ = decoder.step(tf.constant(tokens), state)
        np.testing.assert_allclose(logs, whole[:, step], atol=1e-5)


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@pytest.mark.parametrize("cell", CELLS)
def test_the_score_of_a_hypothesis_is_that_of_the_whole_model(cell, variant):
    model = seq2seq(cell=cell, **variant)
    # An untrained network depends little on the previous tokens: mixed-up hypotheses would go unnoticed.
    for weight in model.trainable_variables:
        weight.assign(3 * weight)
    config = SearchConfig(beam_size=4, max_length=6, max_length_ratio=None, min_length=2, length_penalty=0.7)
    result = BeamSearch(incremental_seq2seq(model))(SOURCE, config)
    assert (result.scores > MASKED_LOGIT / 2).all()
    for source, hypotheses, scores in zip(SOURCE, result.ids, result.scores, strict=True):
        for ids, score in zip(hypotheses, scores, strict=True):
            tokens = ids[ids != PADDING]
            whole = model({"source": source[None], "target": np.array([[BEGIN, *tokens]], np.int32)})
            logs = tf.nn.log_softmax(whole).numpy()[0, np.arange(len(tokens) + 1), [*tokens, END]]
            assert score == pytest.approx(logs.sum() / len(logs) ** 0.7, abs=1e-4)


@pytest.mark.parametrize("variant", VARIANTS, ids=str)
def test_padding_and_other_rows_change_no_logits(variant):
    model = seq2seq(**variant)
    whole = np.array(model({"source": SOURCE, "target": TARGET}))
    padded = {"source": np.pad(SOURCE, ((0, 0), (0, 4))), "target": np.pad(TARGET, ((0, 0), (0, 2)))}
    np.testing.assert_allclose(np.array(model(padded))[:, :3], whole, atol=1e-5)
    alone = model({"source": SOURCE[1:, :2], "target": TARGET[1:]})
    np.testing.assert_allclose(np.array(alone)[0], whole[1], atol=1e-5)


def test_a_shared_embedding_gets_gradients_from_source_and_target():
    model, separate = seq2seq(share_embeddings=True), seq2seq()
    assert source_embedding(model) is model.get_layer("target_embedding")
    assert source_embedding(separate) is not separate.get_layer("target_embedding")
    with tf.GradientTape() as tape:
        logits = model({"source": SOURCE, "target": TARGET})
        loss = tf.reduce_sum(logits[..., :3] ** 2)
    gradient = tf.convert_to_tensor(tape.gradient(loss, source_embedding(model).vectors))
    # 6 occurs only in the source, 9 only in the target; neither is among the logits of the loss.
    assert np.abs(gradient[6]).sum() > 0 and np.abs(gradient[9]).sum() > 0


def test_attention_weights_sum_to_one_over_the_source():
    weights = attention_weights(incremental_seq2seq(seq2seq()), SOURCE, TARGET)
    assert weights.shape == (2, 3, 5)
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-5)
    assert not weights[1, :, 2:].any()
    assert attention_weights(incremental_seq2seq(seq2seq(attention="none")), SOURCE, TARGET) is None


def test_a_model_with_copying_gives_log_probabilities():
    probabilities = np.exp(np.array(seq2seq(copying=True)({"source": SOURCE, "target": TARGET})))
    np.testing.assert_allclose(probabilities.sum(axis=-1), 1, rtol=1e-4)
    # Padding of the source is not copied.
    plain = np.array(tf.nn.softmax(seq2seq()({"source": SOURCE, "target": TARGET})))
    assert (probabilities[1, :, 0] < plain[1, :, 0]).all()


def test_the_target_embedding_computes_the_logits_too():
    model = seq2seq(vocab_size=999)
    sizes = [tuple(weight.shape) for weight in model.trainable_variables if 999 in weight.shape]
    assert sorted(sizes) == [(999,), (999, 5), (999, 5)]


def test_the_smoothed_loss_worked_out_by_hand():
    logits = np.log(np.array([[[0.5, 0.25, 0.25], [0.1, 0.1, 0.8], [0.2, 0.2, 0.6]]], np.float32))
    targets = np.array([[0, 2, -1]], np.int32)
    cross_entropy = -np.log([0.5, 0.8])
    uniform = [-np.log([0.5, 0.25, 0.25]).mean(), -np.log([0.1, 0.1, 0.8]).mean()]
    assert float(SmoothedCrossEntropy(0.0, IGNORE_INDEX)(targets, logits)) == pytest.approx(
        cross_entropy.mean(), rel=1e-5
    )
    smoothed = (0.9 * cross_entropy + 0.1 * np.array(uniform)).mean()
    assert float(SmoothedCrossEntropy(0.1, IGNORE_INDEX)(targets, logits)) == pytest.approx(smoothed, rel=1e-5)
