"""Greedy search and beam search, each in one compiled function.

    search = BeamSearch(incremental_seq2seq(model))
    result = search(source, SearchConfig(beam_size=5, max_length=50))
    result.ids, result.scores       # (rows, beam, steps), (rows, beam)

Decoding always stops, since only the end is possible at the last step, and finds a hypothesis whenever `SearchConfig`
leaves a token possible. The rows of a batch do not influence one another: each has its own maximum length, and finished
rows wait unchanged for the others.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
import tensorflow as tf

from models.attention import MASKED_LOGIT
from schema.encoded import BEGIN, END, PADDING

IDS = tf.TensorSpec((None, None), tf.int32)
"""Sources of ids (rows, time)."""


class StepModel(Protocol):
    """A model that decodes step by step: see `models.incremental.IncrementalDecoder`.

    num_recurrent_states: number of tensors of a state, the first ones, that change with each step; the others are
        constant for a row
    """

    num_recurrent_states: int

    def initial_state(self, source: tf.Tensor) -> list[tf.Tensor]: ...

    def step(self, tokens: tf.Tensor, state: Sequence[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor], tf.Tensor]: ...


@dataclass(frozen=True)
class SearchConfig:
    """Settings of a search.

    beam_size: number of hypotheses; 1 for greedy search
    max_length, min_length: of a hypothesis, in steps without the end; min_length takes precedence
    max_length_ratio: maximum length relative to the source, if sources have a length; max_length still holds
    length_penalty: hypotheses are ranked by log-probability / length ** length_penalty; 0 ranks by the log-probability
        alone, which favors short ones (Wu et al. 2016 use another formula)
    no_repeat_ngram_size: no n-gram of this size is repeated in a hypothesis; 0 allows all
    """

    beam_size: int = 1
    max_length: int = 100
    max_length_ratio: float | None = 2.0
    min_length: int = 1
    length_penalty: float = 1.0
    no_repeat_ngram_size: int = 0


class SearchResult(NamedTuple):
    """Hypotheses of each row, best first.

    ids: (rows, beam, steps), padded with 0, without beginning and end
    scores: (rows, beam), log-probability / length ** length_penalty; `MASKED_LOGIT` or less where a row has fewer
        hypotheses
    """

    ids: np.ndarray
    scores: np.ndarray


class BeamSearch:
    """Search for the most probable sequences of a model.

    forbidden: ids that are never generated, besides padding and beginning
    source: specification of the sources; ids (rows, time) by default

    A search is traced once for each `SearchConfig`.
    """

    def __init__(self, model: StepModel, forbidden: Sequence[int] = (), source: tf.TensorSpec = IDS) -> None:
        self.model, self.source = model, source
        self.forbidden = tuple({PADDING, BEGIN, *forbidden})
        self._traced: dict[SearchConfig, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]] = {}

    def __call__(self, source: np.ndarray, config: SearchConfig) -> SearchResult:
        """Find the best hypotheses for each row of the sources."""
        if config not in self._traced:
            search = self._greedy if config.beam_size == 1 else self._beam
            # The loops are TensorFlow's already; without AutoGraph tracing takes half the time.
            self._traced[config] = tf.function(
                lambda source: search(source, config), input_signature=[self.source], autograph=False
            )
        ids, scores = self._traced[config](tf.constant(source, self.source.dtype))
        return SearchResult(ids.numpy(), scores.numpy())

    def _max_steps(self, source: tf.Tensor, config: SearchConfig) -> tf.Tensor:
        """Maximum number of steps of each row, the end included: (rows,)."""
        max_length = max(config.max_length, config.min_length)
        if config.max_length_ratio is None:
            return tf.fill(tf.shape(source)[:1], max_length + 1)
        source_length = tf.reduce_sum(tf.cast(source != PADDING, tf.float32), axis=1)
        proportional = tf.cast(tf.math.ceil(config.max_length_ratio * source_length), tf.int32)
        return tf.clip_by_value(proportional, config.min_length, max_length) + 1

    def _constrain(
        self, logs: tf.Tensor, tokens: tf.Tensor, step: tf.Tensor, max_steps: tf.Tensor, config: SearchConfig
    ) -> tf.Tensor:
        """Set the log-probabilities (rows, vocabulary) of tokens that are not allowed to `MASKED_LOGIT`.

        tokens: (rows, steps), generated before `step`

        Only the end is allowed at the last step, and never below the minimum length. An n-gram is not repeated, except
        for the end. Padding, beginning and the forbidden ids are never allowed.
        """
        ids = tf.range(tf.shape(logs)[1])
        forbidden = tf.reduce_any(ids[:, None] == tf.constant(self.forbidden), axis=1)
        is_end = ids == END
        if config.no_repeat_ngram_size:
            logs = tf.minimum(logs, self._repeated(tokens, step, config.no_repeat_ngram_size, tf.shape(logs)[1]))
        logs = tf.where(forbidden[None], MASKED_LOGIT, logs)
        logs = tf.where(tf.logical_and(is_end, step < config.min_length)[None], MASKED_LOGIT, logs)
        must_end = tf.logical_and((step + 1 >= max_steps)[:, None], ~is_end[None])
        return tf.where(must_end, MASKED_LOGIT, logs)

    def _repeated(self, tokens: tf.Tensor, step: tf.Tensor, size: int, vocab_size: tf.Tensor) -> tf.Tensor:
        """`MASKED_LOGIT` for ids that would repeat an n-gram of `tokens` (rows, steps), else 0: (rows, vocabulary)."""
        rows, steps = tf.shape(tokens)[0], tf.shape(tokens)[1]
        starts = tf.maximum(steps - size + 1, 0)
        # The token at each offset of every n-gram, (rows, starts).
        ngrams = [tokens[:, offset : offset + starts] for offset in range(size)]
        # Only n-grams that are complete before `step`.
        same = tf.logical_and(tf.fill((rows, starts), step >= size - 1), (tf.range(starts) + size <= step)[None])
        for offset in range(size - 1):
            latest = tokens[:, tf.maximum(step - size + 1 + offset, 0)]
            same = tf.logical_and(same, ngrams[offset] == latest[:, None])
        banned = tf.where(same, ngrams[-1], PADDING)
        indices = tf.stack([tf.repeat(tf.range(rows), starts), tf.reshape(banned, (-1,))], axis=1)
        return tf.tensor_scatter_nd_min(tf.zeros((rows, vocab_size)), indices, tf.fill((rows * starts,), MASKED_LOGIT))

    def _greedy(self, source: tf.Tensor, config: SearchConfig) -> tuple[tf.Tensor, tf.Tensor]:
        """Take the most probable token at each step."""
        max_steps = self._max_steps(source, config)
        rows, steps = tf.shape(source)[0], tf.reduce_max(max_steps)

        def condition(step: tf.Tensor, finished: tf.Tensor, *_: object) -> tf.Tensor:
            return tf.logical_and(step < steps, ~tf.reduce_all(finished))

        def body(
            step: tf.Tensor,
            finished: tf.Tensor,
            last: tf.Tensor,
            tokens: tf.Tensor,
            score: tf.Tensor,
            state: list[tf.Tensor],
        ) -> tuple[tf.Tensor | list[tf.Tensor], ...]:
            logs, state, _ = self.model.step(last, state)
            logs = self._constrain(logs, tokens, step, max_steps, config)
            token = tf.where(finished, PADDING, tf.argmax(logs, axis=-1, output_type=tf.int32))
            score += tf.where(finished, 0.0, tf.reduce_max(logs, axis=-1))
            tokens = tf.where(tf.range(steps)[None] == step, token[:, None], tokens)
            return step + 1, tf.logical_or(finished, token == END), token, tokens, score, state

        begin = (
            tf.constant(0),
            tf.fill((rows,), False),
            tf.fill((rows,), BEGIN),
            tf.fill((rows, steps), PADDING),
            tf.zeros((rows,)),
            self.model.initial_state(source),
        )
        _, _, _, tokens, score, _ = tf.while_loop(condition, body, begin)
        length = tf.reduce_sum(tf.cast(tokens != PADDING, tf.float32), axis=1)
        return _without_end(tokens)[:, None], (score / length**config.length_penalty)[:, None]

    def _beam(self, source: tf.Tensor, config: SearchConfig) -> tuple[tf.Tensor, tf.Tensor]:
        """Extend the best unfinished hypotheses at each step, and keep the best finished ones."""
        beam, max_steps = config.beam_size, self._max_steps(source, config)
        flat_max_steps = tf.repeat(max_steps, beam)
        rows, steps = tf.shape(source)[0], tf.reduce_max(max_steps)
        no_scores = tf.fill((rows, beam), MASKED_LOGIT)
        no_tokens = tf.fill((rows, beam, steps), PADDING)

        def condition(
            step: tf.Tensor, scores: tf.Tensor, tokens: tf.Tensor, done_scores: tf.Tensor, *_: object
        ) -> tf.Tensor:
            # Log-probabilities fall with every step, so this bounds the score of every unfinished hypothesis.
            bound = scores[:, 0] / tf.cast(max_steps, tf.float32) ** config.length_penalty
            return tf.logical_and(step < steps, tf.reduce_any(bound > done_scores[:, -1]))

        def body(
            step: tf.Tensor,
            scores: tf.Tensor,
            tokens: tf.Tensor,
            done_scores: tf.Tensor,
            done_tokens: tf.Tensor,
            last: tf.Tensor,
            state: list[tf.Tensor],
        ) -> tuple[tf.Tensor | list[tf.Tensor], ...]:
            logs, state, _ = self.model.step(tf.reshape(last, (-1,)), state)
            logs = self._constrain(logs, tf.reshape(tokens, (rows * beam, steps)), step, flat_max_steps, config)
            best, parent, token = _best_extensions(scores, logs, beam)
            extended = tf.gather(tokens, parent, batch_dims=1)
            extended = tf.where(tf.range(steps)[None, None] == step, token[:, :, None], extended)
            ended, possible = token == END, best > MASKED_LOGIT / 2
            final_scores = tf.where(
                tf.logical_and(ended, possible),
                best / tf.cast(step + 1, tf.float32) ** config.length_penalty,
                MASKED_LOGIT,
            )
            done_scores, kept = tf.math.top_k(tf.concat([done_scores, final_scores], axis=1), beam)
            done_tokens = tf.gather(tf.concat([done_tokens, extended], axis=1), kept, batch_dims=1)
            scores, kept = tf.math.top_k(tf.where(tf.logical_or(ended, ~possible), MASKED_LOGIT, best), beam)
            tokens, last, parent = (tf.gather(values, kept, batch_dims=1) for values in (extended, token, parent))
            state = self._select(state, tf.reshape(tf.range(rows)[:, None] * beam + parent, (-1,)))
            return step + 1, scores, tokens, done_scores, done_tokens, last, state

        begin = (
            tf.constant(0),
            # All hypotheses are the same at first: only one may be extended.
            tf.concat([tf.zeros((rows, 1)), no_scores[:, 1:]], axis=1),
            no_tokens,
            no_scores,
            no_tokens,
            tf.fill((rows, beam), BEGIN),
            [tf.repeat(values, beam, axis=0) for values in self.model.initial_state(source)],
        )
        _, _, _, done_scores, done_tokens, _, _ = tf.while_loop(condition, body, begin)
        return _without_end(done_tokens), done_scores

    def _select(self, state: Sequence[tf.Tensor], hypotheses: tf.Tensor) -> list[tf.Tensor]:
        """State of the selected hypotheses. Its constant part is large, and the same for all hypotheses of a row."""
        count = self.model.num_recurrent_states
        return [*(tf.gather(values, hypotheses) for values in state[:count]), *state[count:]]


def _best_extensions(scores: tf.Tensor, logs: tf.Tensor, beam: int) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """Best extensions of hypotheses by one token: score, index of the hypothesis, and token, (rows, 2 x beam) each.

    scores: (rows, beam); logs: (rows x beam, vocabulary)

    Twice the beam size, since at most one extension of each hypothesis is its end.
    """
    rows, vocab_size = tf.shape(scores)[0], tf.shape(logs)[1]
    totals = scores[:, :, None] + tf.reshape(logs, (rows, beam, vocab_size))
    best, indices = tf.math.top_k(tf.reshape(totals, (rows, beam * vocab_size)), 2 * beam)
    return best, indices // vocab_size, indices % vocab_size


def _without_end(tokens: tf.Tensor) -> tf.Tensor:
    return tf.where(tokens == END, PADDING, tokens)
