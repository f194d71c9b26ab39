"""Base class and flags of the tasks that predict a tag for each word. Many to many, synchronous."""

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, TypeVar

import numpy as np

import evaluation
import models
from console.interlinear import interlinear, terminal_width
from data.batches import predict_in_batches
from data.cache import cache_folder, cached, digest
from data.encoders.orthography import OrthographicSettings, orthographic_features
from data.encoders.related_words import RelatedWords
from data.encoders.sentence import SentenceEncoder, SentenceSettings
from data.encoders.word_vectors import EPOCHS, MIN_COUNT, WordVectors
from data.readers.conll_inputs import CONLL_SUFFIXES, conllu_rows, read_untagged
from data.readers.tokenization import TOKENIZERS
from data.readers.word_types import most_frequent_tags
from data.stopwatch import Stopwatch
from schema.configs import DecodingConfig, EmaDecay, Positive, Range, Rate, RecurrentConfig
from schema.encoded import IGNORE_INDEX, EncodedDataset
from schema.errors import UserError
from schema.examples import Splits, TaggedSentence
from schema.predictions import Predictor, Remember, TagsPrediction
from schema.scores import ScoredExample, SeenInTraining
from tasks.task import PREDICT_BATCH_TOKENS, FittedEncoder, Task, require_two_classes

if TYPE_CHECKING:
    import keras

Head = Literal["softmax", "crf"]

_SUFFIX_SETTINGS = OrthographicSettings(max_prefix=3, max_suffix=5)


@dataclass(frozen=True)
class TaggingConfig(RecurrentConfig):
    """Flags of the sequence tagging tasks."""

    min_epochs = 10

    units: Annotated[int, Range(1, 4096)] = 128
    """Units of each recurrent layer and direction."""
    batch_tokens: Annotated[int, Range(1, 10_000_000)] | None = 600
    """Batch size in words, padding included. Small batches score better here."""
    learning_rate: Annotated[float, Range(0, 10, above=True)] = 2e-3
    """Peak learning rate, with linear warm-up and cosine decay."""
    ema_decay: EmaDecay = 0.998
    """Decay of the exponential moving average of the weights, which is evaluated and saved; 0 disables averaging."""
    head: Head = "softmax"
    """Output layer: an independent softmax for each word, or a linear-chain CRF over the sentence."""
    embedding_size: Annotated[int, Range(1, 4096)] = 100
    """Size of the word embeddings."""
    word_vectors: bool = False
    """Add frozen word vectors, fitted on film reviews (IMDB) without tags, to the input."""
    vector_size: Annotated[int, Range(1, 4096)] = 100
    """Size of these vectors."""
    vector_window: Positive = 3
    """Context size of these vectors, in words to each side."""
    char_units: Annotated[int, Range(0, 1024)] = 50
    """Units, per direction, of the recurrent layer over the characters of each word. 0 turns it off."""
    char_embedding: Positive = 32
    """Size of the character embeddings."""
    orthographic_embedding: Annotated[int, Range(0, 4096)] = 64
    """Size of the embeddings of affixes and word shapes, which are summed for each word. 0 turns them off."""
    max_prefix: Annotated[int, Range(1, 12)] = 3
    """Maximum length of prefix features, in characters."""
    max_suffix: Annotated[int, Range(1, 12)] = 5
    """Maximum length of suffix features, in characters."""
    related_words: bool = False
    """Add the tags of training words that differ in case or ending alone ("walks" for "walking") as features."""
    min_feature_count: Positive = 3
    """Minimum number of different training words with an orthographic or related-words feature."""
    max_word_length: Annotated[int, Range(2, 1000)] = 20
    """Maximum number of characters of a word. Longer words keep their first and last halves."""
    word_dropout: Rate = 0.15
    """Probability of replacing a word by unknown in training. Its characters and features stay."""
    rare_word_dropout: Rate = 0.5
    """The same for words that occur once in train, which represent unseen words."""
    orthographic_dropout: Rate = 0.3
    """Dropout rate of the orthographic features."""
    embedding_dropout: Rate = 0.5
    """Dropout rate of the concatenated word features, before the recurrent layers."""


@dataclass(frozen=True)
class TaggingPredictConfig(DecodingConfig):
    """Flags of `predict.py` for sequence tagging."""

    tokenized: bool = False
    """The input is tokenized: its tokens are separated by spaces. Default: tokenize as the treebank does."""
    conllu: bool = False
    """Print CoNLL-U: one word per line, a blank line after each sentence. All else in a *.conllu file is kept."""


TaggingConfigT = TypeVar("TaggingConfigT", bound=TaggingConfig)


class SequenceTagging(Task[TaggedSentence, TagsPrediction, SentenceEncoder, TaggingConfigT, TaggingPredictConfig]):
    """Predicts a tag for each word of a sentence."""

    rnn_type = "many to many, synchronous"
    tokenizer: ClassVar[str] = "treebank"
    predict_config_class = TaggingPredictConfig
    encoder_class = SentenceEncoder

    def fit_encoder(self, splits: Splits[TaggedSentence], config: TaggingConfigT) -> FittedEncoder[SentenceEncoder]:
        tags = (tag for example in splits.train for tag in example.tags)
        require_two_classes(tags, config.train_file or splits.dataset)
        vectors = self._fit_vectors(splits, config)
        watch = Stopwatch()
        orthographic = config.orthographic_embedding > 0
        settings = SentenceSettings(
            max_word_length=config.max_word_length if config.char_units else 0,
            max_prefix=config.max_prefix if orthographic else 0,
            max_suffix=config.max_suffix if orthographic else 0,
            min_feature_count=config.min_feature_count,
        )
        related = RelatedWords(most_frequent_tags(splits.train)) if config.related_words and orthographic else None
        encoder = SentenceEncoder.fit(splits.train, settings, vectors.words, related)
        return FittedEncoder(
            encoder,
            encoder.encode(splits.train),
            self.collect_seen(encoder, splits.train),
            initial_weights={"vectors": vectors.values} if vectors.words.words else {},
            seconds=vectors.seconds + watch.seconds,
            cpu_seconds=vectors.cpu_seconds + watch.cpu_seconds,
        )

    def _fit_vectors(self, splits: Splits[TaggedSentence], config: TaggingConfigT) -> WordVectors:
        """Fit vectors of all words that are frequent enough in train and the unlabelled texts, or load them."""
        if not config.word_vectors:
            return WordVectors()
        settings = {"size": config.vector_size, "seed": config.seed, "window": config.vector_window}
        train = [example.normalized_words for example in splits.train]
        return cached(
            cache_folder(config.cache),
            "word_vectors",
            digest(self.name, splits.source, settings, MIN_COUNT, EPOCHS, config.limit is None, train),
            WordVectors.save,
            WordVectors.load,
            compute=lambda: WordVectors.fit(
                [*train, *(example.normalized_words for example in splits.unlabelled())], **settings
            ),
        )

    @abstractmethod
    def collect_seen(self, encoder: SentenceEncoder, train: Sequence[TaggedSentence]) -> SeenInTraining:
        """Collect the tags, words or entities of train for scoring."""

    def build_model(self, fitted: FittedEncoder[SentenceEncoder], config: TaggingConfigT) -> "keras.Model":
        encoder = fitted.encoder
        settings = models.TaggerSettings(
            vocab_size=len(encoder.words),
            char_vocab_size=len(encoder.char_vocabulary),
            orthographic_vocab_size=len(encoder.orthography),
            num_tags=len(encoder.tags),
            recurrent=config.recurrent(),
            embedding_size=config.embedding_size,
            char_embedding=config.char_embedding,
            char_units=config.char_units,
            orthographic_embedding=config.orthographic_embedding,
            embedding_dropout=config.embedding_dropout,
            word_dropout=config.word_dropout,
            rare_word_dropout=config.rare_word_dropout,
            orthographic_dropout=config.orthographic_dropout,
            rare_from=encoder.rare_from,
            allowed_transitions=self.allowed_transitions(encoder.tags) if config.head == "crf" else None,
        )
        return models.build_tagger(settings, fitted.initial_weights.get("vectors"))

    def allowed_transitions(self, tags: Sequence[str]) -> list[list[bool]]:
        """Return whether tag j may follow tag i, and in the last row whether it may come first: (tags + 1, tags)."""
        return [[True] * len(tags)] * (len(tags) + 1)

    def loss(self, config: TaggingConfigT) -> "keras.losses.Loss":
        import keras

        if config.head == "crf":
            return models.CRFLoss()
        return keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, ignore_class=IGNORE_INDEX, reduction="mean_with_sample_weight"
        )

    def predict(
        self, model: "keras.Model", encoder: SentenceEncoder, encoded: EncodedDataset, config: TaggingPredictConfig
    ) -> list[TagsPrediction]:
        tags = encoder.tags
        outputs = predict_in_batches(models.make_predictor(model), encoded, PREDICT_BATCH_TOKENS)
        return [
            TagsPrediction(tuple(tags[index] for index in indices[:length]), tags, probabilities[:length])
            for (indices, probabilities), length in zip(outputs, encoded.lengths, strict=True)
        ]

    def to_scored_example(self, example: TaggedSentence, prediction: TagsPrediction) -> ScoredExample:
        tags = prediction.tags
        return ScoredExample(
            " ".join(example.words),
            " ".join(example.tags),
            " ".join(tags),
            self.sentence_score(example, tags),
            rows=(example.words, example.tags, tags) if example.tags else (example.words, tags),
        )

    @abstractmethod
    def sentence_score(self, example: TaggedSentence, tags: Sequence[str]) -> float:
        """Score the predicted tags of one sentence, from 0 to 1."""

    def fit_baselines(
        self, splits: Splits[TaggedSentence], encoder: SentenceEncoder, config: TaggingConfigT, remember: Remember
    ) -> Mapping[str, Predictor[TaggedSentence, TagsPrediction]]:
        return evaluation.tagging_baselines.fit_tagging_baselines(splits.train, suffix_features, remember)

    def word_vectors(self, model: "keras.Model", encoder: SentenceEncoder) -> tuple[np.ndarray, Sequence[str]]:
        words = encoder.words.words
        (vectors,) = model.get_layer("embedding").get_weights()
        return vectors[len(vectors) - len(words) :], words

    def read_inputs(self, path: Path, config: TaggingPredictConfig) -> list[TaggedSentence | UserError]:
        if path.suffix.lower() in CONLL_SUFFIXES:
            return [*read_untagged(path)]
        return super().read_inputs(path, config)

    def parse_input(self, text: str, config: TaggingPredictConfig) -> TaggedSentence:
        split: Callable[[str], list[str]] = str.split if config.tokenized else TOKENIZERS[self.tokenizer]
        return TaggedSentence(tuple(split(text)))

    def format_prediction(
        self, example: TaggedSentence, prediction: TagsPrediction, config: TaggingPredictConfig
    ) -> str:
        if config.conllu:
            return self.to_conllu(example.lines or conllu_rows(example.words), prediction.tags)
        return interlinear((example.words, prediction.tags), terminal_width())

    @abstractmethod
    def to_conllu(self, lines: Sequence[str], tags: Sequence[str]) -> str:
        """Fill tags into the lines of a sentence. The result ends with a line break, so that a blank line follows."""

    def to_json(self, example: TaggedSentence, prediction: TagsPrediction) -> Mapping[str, object]:
        row: dict[str, object] = {"words": list(example.words), "tags": list(prediction.tags)}
        if prediction.probabilities is not None:
            index = {tag: number for number, tag in enumerate(prediction.labels)}
            pairs = zip(prediction.tags, prediction.probabilities, strict=True)
            row["probabilities"] = [float(probabilities[index[tag]]) for tag, probabilities in pairs]
        return row


def suffix_features(word: str) -> Iterator[str]:
    """Orthographic features of a word for the baseline `suffix_guesser`."""
    return orthographic_features(word, _SUFFIX_SETTINGS)
