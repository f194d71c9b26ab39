"""Many to many, out of step: a sequence in, another one out.

source -> embedding -> bidirectional stack -> memory of the decoder (`models/decoder.py`), which writes the target
"""

from dataclasses import dataclass

import keras
import tensorflow as tf
from keras import KerasTensor

from models.cells import RNNOutput, recurrent_stack, run_stack
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

SOURCE_EMBEDDING = "embedding"


@dataclass(frozen=True)
class Seq2SeqSettings:
    """Settings of the decoder, whose vocabulary and recurrent settings the encoder shares, and of the source's side.

    copying: pieces of the source can be copied, where there is attention
    share_embeddings: sources are looked up in the targets' table, which gives the logits too (Press & Wolf 2017,
        "three-way weight tying")
    marks: ids that are no pieces, and so not copied
    """

    decoder: DecoderSettings
    copying: bool = False
    share_embeddings: bool = False
    marks: tuple[int, ...] = ()


def build_seq2seq(settings: Seq2SeqSettings) -> keras.Model:
    """Model from `source` (batch, time) and `target` (batch, steps), which starts with a mark of the beginning.

    Gives logits (batch, steps, vocabulary) of what comes next after each step of the target; where words can be copied
    these are log-probabilities.
    """
    source = keras.Input((None,), dtype="int32", name="source")
    target = keras.Input((None,), dtype="int32", name="target")
    mask = PaddingMask(name="source_mask")(source)
    embed = target_embedding(settings.decoder)
    read = _encode(source, mask, embed if settings.share_embeddings else _source_embedding(settings), settings)
    memory = Memory(read.sequence, mask, read.last)
    copied = source if settings.copying else None
    logits = decoder_logits(target, embed, memory, settings.decoder, copied, settings.marks)
    return keras.Model({"source": source, "target": target}, logits, name="seq2seq")


def _source_embedding(settings: Seq2SeqSettings) -> keras.layers.Embedding:
    size = settings.decoder.embedding_size
    return keras.layers.Embedding(
        settings.decoder.vocab_size, size, embeddings_initializer=scaled_normal(size), name=SOURCE_EMBEDDING
    )


def _encode(source: KerasTensor, mask: KerasTensor, embed: keras.layers.Layer, settings: Seq2SeqSettings) -> RNNOutput:
    shared = settings.decoder
    heard = WordDropout(shared.word_dropout, name="word_dropout")(source)
    embedded = keras.layers.Dropout(shared.embedding_dropout, name="embedding_dropout")(embed(heard))
    return run_stack(embedded, mask, recurrent_stack(shared.recurrent), shared.embedding_dropout)


def source_embedding(model: keras.Model) -> "keras.layers.Embedding | TiedEmbedding":
    """What a model of `build_seq2seq` looks sources up in; the vectors come first among its weights."""
    own = any(layer.name == SOURCE_EMBEDDING for layer in model.layers)
    return model.get_layer(SOURCE_EMBEDDING if own else TARGET_EMBEDDING)


def incremental_seq2seq(model: keras.Model) -> IncrementalDecoder:
    """A model of `build_seq2seq` one step at a time, from ids (rows, time)."""
    names = sorted(layer.name for layer in model.layers if layer.name.startswith("recurrent_"))
    embed, stack = source_embedding(model), [model.get_layer(name) for name in names]

    def read(source: tf.Tensor) -> Memory:
        mask = tf.not_equal(source, 0)
        read = run_stack(embed(source), mask, stack)
        return Memory(read.sequence, mask, read.last)

    return IncrementalDecoder(model, read)
