"""Many to many, asynchronous: an encoder of token sequences, and the decoder of `models/decoder.py`.

source -> embedding -> bidirectional stack -> memory of the decoder -> target
"""

from dataclasses import dataclass

import keras
import tensorflow as tf
from keras import KerasTensor

from models.cells import RNNOutput, apply_stack, recurrent_stack
from models.decoder import (
    TARGET_EMBEDDING,
    DecoderSettings,
    Memory,
    TiedEmbedding,
    decoder_logits,
    scaled_normal,
    target_embedding,
)
from models.incremental import IncrementalDecoder
from models.token_layers import PaddingMask, WordDropout
from schema.encoded import PADDING

SOURCE_EMBEDDING = "embedding"


@dataclass(frozen=True)
class Seq2SeqSettings:
    """Settings of the decoder, whose vocabulary, sizes and rates the encoder shares, and of the source.

    copying: source tokens can be copied, if there is attention
    share_embeddings: one embedding for source, target and logits (Press & Wolf 2017, "three-way weight tying")
    special_ids: ids that are never copied
    """

    decoder: DecoderSettings
    copying: bool = False
    share_embeddings: bool = False
    special_ids: tuple[int, ...] = ()


def build_seq2seq(settings: Seq2SeqSettings) -> keras.Model:
    """Build a model from `source` (batch, time) and `target` (batch, steps) to logits (batch, steps, vocabulary).

    The target begins with the id of the beginning, and the logits are those of the token after each of its steps. With
    copying they are log-probabilities. The masks of source and target are made from their ids; padding has no effect.
    """
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    mask = PaddingMask(name="source_mask")(source)
    embed = target_embedding(settings.decoder)
    source_embed = embed if settings.share_embeddings else _source_embedding(settings.decoder)
    encoded = _encode(source, mask, source_embed, settings.decoder)
    memory = Memory(encoded.sequence, mask, encoded.last)
    copied = source if settings.copying else None
    logits = decoder_logits(target, embed, memory, settings.decoder, copied, settings.special_ids)
    return keras.Model({"source": source, "target": target}, logits, name="seq2seq")


def _source_embedding(settings: DecoderSettings) -> keras.layers.Embedding:
    size = settings.embedding_size
    return keras.layers.Embedding(
        settings.vocab_size, size, embeddings_initializer=scaled_normal(size), name=SOURCE_EMBEDDING
    )


def _encode(source: KerasTensor, mask: KerasTensor, embed: keras.layers.Layer, settings: DecoderSettings) -> RNNOutput:
    dropped = WordDropout(settings.word_dropout, name="word_dropout")(source)
    embedded = keras.layers.Dropout(settings.embedding_dropout, name="embedding_dropout")(embed(dropped))
    return apply_stack(embedded, mask, recurrent_stack(settings.recurrent), settings.embedding_dropout)


def source_embedding(model: keras.Model) -> "keras.layers.Embedding | TiedEmbedding":
    """Get the source embedding of a model of `build_seq2seq`; the vectors are the first of its weights."""
    separate = any(layer.name == SOURCE_EMBEDDING for layer in model.layers)
    return model.get_layer(SOURCE_EMBEDDING if separate else TARGET_EMBEDDING)


def incremental_seq2seq(model: keras.Model) -> IncrementalDecoder:
    """Decode with a model of `build_seq2seq` one step at a time, from sources (rows, time)."""
    names = sorted(layer.name for layer in model.layers if layer.name.startswith("recurrent_"))
    embed, layers = source_embedding(model), [model.get_layer(name) for name in names]

    def encode(source: tf.Tensor) -> Memory:
        mask = tf.not_equal(source, PADDING)
        encoded = apply_stack(embed(source), mask, layers)
        return Memory(encoded.sequence, mask, encoded.last)

    return IncrementalDecoder(model, encode)
