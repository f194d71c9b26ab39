"""From a model that says what comes next to whole sequences: greedy and beam search, each in one compiled function.

    decoder = BeamSearch(incremental_seq2seq(model), begin=2, end=3)
    found = decoder(source, SearchConfig(beam_size=5, max_length=50))      # found.ids (rows, beam, steps), found.scores (rows, beam)

Decoding always ends, since only the end may be said at the last step, and gives something wherever a `SearchConfig` leaves
anything that may be said. No row of a batch changes another: each has its own longest answer, and what is over waits
for the others without being changed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
import tensorflow as tf

from models.attention import MASKED_LOGIT

IDS = tf.TensorSpec((None, None), tf.int32)
"""A source of ids (rows, time)."""


class Steps(Protocol):
    """What is decoded: see `models.incremental.IncrementalDecoder`.

    num_recurrent_states: so many tensors of a state, the first ones, change from step to step; the others are a row's own for ever
    """

    num_recurrent_states: int

    def start(self, source: tf.Tensor) -> list[tf.Tensor]: ...

    def step(self, said: tf.Tensor, state: Sequence[tf.Tensor]) -> tuple[tf.Tensor, list[tf.Tensor], Any]: ...


@dataclass(frozen=True)
class SearchConfig:
    """beam: hypotheses that are followed, 1 for greedy; longest, shortest: answer, in steps, its end not counted
    max_length_ratio: an answer is at most so many times as long as its source, where that has a length, and at most
        `longest`
    length_penalty: a hypothesis is judged by its log-probability over its length to this power (Wu et al. 2016 have another
        formula; 0 judges by the log-probability alone, which likes it short)
    no_repeat_ngram_size: no n-gram of so many steps stands twice in an answer; 0 allows all
    """

    beam_size: int = 1
    max_length: int = 100
    max_length_ratio: float | None = 2.0
    min_length: int = 1
    length_penalty: float = 1.0
    no_repeat_ngram_size: int = 0


class SearchResult(NamedTuple):
    """ids: (rows, beam, steps), best first, filled up with 0, without the marks of beginning and end
    scores: (rows, beam), log-probability over length to the power of alpha; `MASKED_LOGIT` or less where there is no more"""

    ids: np.ndarray
    scores: np.ndarray


class BeamSearch:
    """Decodes batches of what `source` describes, ids (rows, time) unless it says otherwise; traced for each `SearchConfig`.

    never: ids that are not said, those of padding and beginning aside
    """

    def __init__(
        self,
        steps: Steps,
        begin: int,
        end: int,
        padding: int = 0,
        never: Sequence[int] = (),
        source: tf.TensorSpec = IDS,
    ) -> None:
        self.steps, self.begin, self.end, self.padding = steps, begin, end, padding
        self.never, self.source = tuple({padding, begin, *never}), source
        self._traced: dict[SearchConfig, Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]] = {}

    def __call__(self, source: np.ndarray, search: SearchConfig) -> SearchResult:
        """The best answers for each row."""
        if search not in self._traced:
            decode = self._greedy if search.beam_size == 1 else self._beam
            # Its loops are TensorFlow's own already; without the rewriting of Python it is traced in half the time.
            self._traced[search] = tf.function(
                lambda source: decode(source, search), input_signature=[self.source], autograph=False
            )
        ids, scores = self._traced[search](tf.constant(source, self.source.dtype))
        return SearchResult(ids.numpy(), scores.numpy())

    def _longest(self, source: tf.Tensor, search: SearchConfig) -> tf.Tensor:
        """Steps that the answer of each row may have, its end included: (rows,)."""
        if search.max_length_ratio is None:
            return tf.fill(tf.shape(source)[:1], max(search.max_length, search.min_length) + 1)
        steps = tf.reduce_sum(tf.cast(source != self.padding, tf.float32), axis=1)
        wanted = tf.cast(tf.math.ceil(search.max_length_ratio * steps), tf.int32)
        return tf.clip_by_value(wanted, search.min_length, max(search.max_length, search.min_length)) + 1

    def _constrain(
        self, logs: tf.Tensor, said: tf.Tensor, place: tf.Tensor, longest: tf.Tensor, search: SearchConfig
    ) -> tf.Tensor:
        """Log-probabilities (rows, vocabulary), `MASKED_LOGIT` for what may not come at `place` after `said` (rows, steps).

        Only the end where the answer would else be too long; not the end where it would be too short; no n-gram twice,
        the end aside; and never padding, another beginning or what is never said.
        """
        ids = tf.range(tf.shape(logs)[1])
        never = tf.reduce_any(ids[:, None] == tf.constant(self.never), axis=1)
        is_end = ids == self.end
        if search.no_repeat_ngram_size:
            logs = tf.minimum(logs, self._repeated(said, place, search.no_repeat_ngram_size, tf.shape(logs)[1]))
        logs = tf.where(never[None], MASKED_LOGIT, logs)
        logs = tf.where(tf.logical_and(is_end, place < search.min_length)[None], MASKED_LOGIT, logs)
        last = tf.logical_and((place + 1 >= longest)[:, None], ~is_end[None])
        return tf.where(last, MASKED_LOGIT, logs)

    def _repeated(self, said: tf.Tensor, place: tf.Tensor, size: int, vocabulary: tf.Tensor) -> tf.Tensor:
        """`MASKED_LOGIT` for ids that would make an n-gram of `said` (rows, steps) stand twice, else 0: (rows, vocabulary)."""
        rows, steps = tf.shape(said)[0], tf.shape(said)[1]
        starts = tf.maximum(steps - size + 1, 0)
        # What stands at each offset of every n-gram, (rows, starts).
        grams = [said[:, offset : offset + starts] for offset in range(size)]
        # Only n-grams that are whole before `place`.
        same = tf.logical_and(tf.fill((rows, starts), place >= size - 1), (tf.range(starts) + size <= place)[None])
        for offset in range(size - 1):
            mine = said[:, tf.maximum(place - size + 1 + offset, 0)]
            same = tf.logical_and(same, grams[offset] == mine[:, None])
        banned = tf.where(same, grams[-1], self.padding)
        places = tf.stack([tf.repeat(tf.range(rows), starts), tf.reshape(banned, (-1,))], axis=1)
        return tf.tensor_scatter_nd_min(tf.zeros((rows, vocabulary)), places, tf.fill((rows * starts,), MASKED_LOGIT))

    def _greedy(self, source: tf.Tensor, search: SearchConfig) -> tuple[tf.Tensor, tf.Tensor]:
        """The most probable word at each step."""
        longest = self._longest(source, search)
        rows, steps = tf.shape(source)[0], tf.reduce_max(longest)

        def more(place: tf.Tensor, over: tf.Tensor, *_: Any) -> tf.Tensor:
            return tf.logical_and(place < steps, ~tf.reduce_all(over))

        def say(
            place: tf.Tensor, over: tf.Tensor, last: tf.Tensor, said: tf.Tensor, total: tf.Tensor, state: Any
        ) -> tuple[Any, ...]:
            logs, state, _ = self.steps.step(last, state)
            logs = self._constrain(logs, said, place, longest, search)
            word = tf.where(over, self.padding, tf.argmax(logs, axis=-1, output_type=tf.int32))
            total += tf.where(over, 0.0, tf.reduce_max(logs, axis=-1))
            said = tf.where(tf.range(steps)[None] == place, word[:, None], said)
            return place + 1, tf.logical_or(over, word == self.end), word, said, total, state

        begin = (
            tf.constant(0),
            tf.fill((rows,), False),
            tf.fill((rows,), self.begin),
            tf.fill((rows, steps), self.padding),
            tf.zeros((rows,)),
            self.steps.start(source),
        )
        _, _, _, said, total, _ = tf.while_loop(more, say, begin)
        length = tf.reduce_sum(tf.cast(said != self.padding, tf.float32), axis=1)
        return self._without_end(said)[:, None], (total / length**search.length_penalty)[:, None]

    def _beam(self, source: tf.Tensor, search: SearchConfig) -> tuple[tf.Tensor, tf.Tensor]:
        """The best of the hypotheses that are followed, `beam` of them at every step."""
        beam, longest = search.beam_size, self._longest(source, search)
        rows, steps = tf.shape(source)[0], tf.reduce_max(longest)
        each = tf.repeat(longest, beam)
        none = tf.fill((rows, beam), MASKED_LOGIT)

        def more(place: tf.Tensor, alive: tf.Tensor, said: tf.Tensor, done: tf.Tensor, *_: Any) -> tf.Tensor:
            # Log-probabilities fall with every step, so this is the most that what is alive may come to.
            bound = alive[:, 0] / tf.cast(longest, tf.float32) ** search.length_penalty
            return tf.logical_and(place < steps, tf.reduce_any(bound > done[:, -1]))

        def say(
            place: tf.Tensor, alive: tf.Tensor, said: tf.Tensor, done: tf.Tensor, over: tf.Tensor, last: Any, state: Any
        ) -> tuple[Any, ...]:
            logs, state, _ = self.steps.step(tf.reshape(last, (-1,)), state)
            logs = self._constrain(logs, tf.reshape(said, (rows * beam, steps)), place, each, search)
            vocabulary = tf.shape(logs)[1]
            totals = alive[:, :, None] + tf.reshape(logs, (rows, beam, vocabulary))
            # Twice as many as are followed: at most one of each hypothesis is its end.
            best, at = tf.math.top_k(tf.reshape(totals, (rows, beam * vocabulary)), 2 * beam)
            parent, word = at // vocabulary, at % vocabulary
            longer = tf.gather(said, parent, batch_dims=1)
            longer = tf.where(tf.range(steps)[None, None] == place, word[:, :, None], longer)
            ended, possible = word == self.end, best > MASKED_LOGIT / 2
            judged = tf.where(
                tf.logical_and(ended, possible),
                best / tf.cast(place + 1, tf.float32) ** search.length_penalty,
                MASKED_LOGIT,
            )
            done, kept = tf.math.top_k(tf.concat([done, judged], axis=1), beam)
            over = tf.gather(tf.concat([over, longer], axis=1), kept, batch_dims=1)
            alive, kept = tf.math.top_k(tf.where(tf.logical_or(ended, ~possible), MASKED_LOGIT, best), beam)
            said, last, parent = (tf.gather(values, kept, batch_dims=1) for values in (longer, word, parent))
            row = tf.reshape(tf.range(rows)[:, None] * beam + parent, (-1,))
            # What a row has read is the same for all its hypotheses, and large.
            moved = [tf.gather(values, row) for values in state[: self.steps.num_recurrent_states]]
            state = [*moved, *state[self.steps.num_recurrent_states :]]
            return place + 1, alive, said, done, over, last, state

        begin = (
            tf.constant(0),
            # All hypotheses are the same at first: only one may go on.
            tf.concat([tf.zeros((rows, 1)), none[:, 1:]], axis=1),
            tf.fill((rows, beam, steps), self.padding),
            none,
            tf.fill((rows, beam, steps), self.padding),
            tf.fill((rows, beam), self.begin),
            [tf.repeat(values, beam, axis=0) for values in self.steps.start(source)],
        )
        _, _, _, done, over, _, _ = tf.while_loop(more, say, begin)
        return self._without_end(over), done

    def _without_end(self, said: tf.Tensor) -> tf.Tensor:
        return tf.where(said == self.end, self.padding, said)
