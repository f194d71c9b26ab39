"""What tasks that tag each word of a sentence share: many to many (synchronous)."""

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, cast

import numpy as np

import models
from data.stopwatch import Stopwatch
from schema.configs import DecodingConfig, EmaDecay, Positive, Range, Rate, RecurrentConfig, TrainingConfig
from schema.encoded import IGNORE_INDEX, EncodedDataset
from schema.examples import Splits, TaggedSentence
from schema.predictions import Predictor, TagsPrediction
from schema.scores import ScoredExample, Scores
from tasks.task import PREDICT_BATCH_TOKENS, Encoder, FittedEncoder, Task, require_two_classes

if TYPE_CHECKING:
    import keras

    from data.encoders.sentence import SentenceEncoder
    from data.encoders.word_vectors import WordVectors

Head = Literal["softmax", "crf"]


@dataclass(frozen=True)
class TaggingConfig(RecurrentConfig):
    """Flags of the tasks that tag each word."""

    min_epochs = 10

    units: Annotated[int, Range(1, 4096)] = 128
    """Units of each recurrent layer and direction."""
    batch_tokens: Annotated[int, Range(1, 10_000_000)] | None = 600
    """Size of a batch, in words, padding included; small ones score better here."""
    learning_rate: Annotated[float, Range(0, 10, above=True)] = 2e-3
    """Highest learning rate; it warms up to it and then falls along a cosine."""
    ema_decay: EmaDecay = 0.998
    """EmaDecay of the running average of the weights that is judged and kept; 0 keeps the weights themselves."""
    head: Head = "softmax"
    """How tags are chosen: each by itself (softmax), or the best sequence of a linear-chain CRF."""
    embedding_size: Annotated[int, Range(1, 4096)] = 100
    """Size of the word embeddings."""
    word_vectors: bool = False
    """Give each word a vector beside, learnt from film reviews (IMDB) that nobody has tagged; it is not trained."""
    vector_size: Annotated[int, Range(1, 4096)] = 100
    """Size of these vectors."""
    vector_window: Positive = 3
    """Words to each side that they are learnt from."""
    char_units: Annotated[int, Range(0, 1024)] = 50
    """Units, a direction, of the recurrent layer that reads each word's characters; 0 leaves them out."""
    char_embedding: Positive = 32
    """Size of the character embeddings."""
    orthographic_embedding: Annotated[int, Range(0, 4096)] = 64
    """Size of the embeddings of affixes and shapes, which are added up for each word; 0 leaves them out."""
    max_prefix: Annotated[int, Range(1, 12)] = 3
    """Longest prefix that is a feature of a word's form, in characters."""
    max_suffix: Annotated[int, Range(1, 12)] = 5
    """Longest suffix, likewise."""
    related_words: bool = False
    """Read also how words of train are tagged that differ in case or ending alone ("walks" of "walking")."""
    min_feature_count: Positive = 3
    """Different words of train that an affix, a shape or a feature of kin must stand in."""
    max_word_length: Annotated[int, Range(2, 1000)] = 20
    """Characters of a word that are read; of a longer one the first and the last half."""
    word_dropout: Rate = 0.15
    """Rate of the words that are replaced by unknown in training; their characters and forms stay."""
    rare_word_dropout: Rate = 0.5
    """The same for words seen only once in train, which stand for those never seen."""
    orthographic_dropout: Rate = 0.3
    """Rate of the features of forms that are dropped in training."""
    embedding_dropout: Rate = 0.5
    """Rate of what is known of each word that is dropped in training, before its neighbours are read."""


@dataclass(frozen=True)
class TaggingPredictConfig(DecodingConfig):
    """Flags of `predict.py` for tags."""

    tokenized: bool = False
    """The words are parted by spaces already; else they are split as a treebank splits them."""
    conllu: bool = False
    """Print CoNLL-U, a word a line and a blank line after each sentence."""


class SequenceTagging(Task[TaggedSentence, TagsPrediction]):
    """A sentence in, a tag for each word out. A task of the family says what its tags mean."""

    rnn_type = "many to many (synchronous)"
    tokenizer: ClassVar[str] = "cased"
    predict_config_class = TaggingPredictConfig

    def fit_encoder(self, splits: Splits[TaggedSentence], config: TrainingConfig) -> FittedEncoder[TaggedSentence]:
        from data.encoders.related_words import RelatedWords
        from data.encoders.sentence import SentenceSettings, fit_sentence_encoder
        from data.readers.word_types import most_frequent_tags

        assert isinstance(config, TaggingConfig)
        tags = (tag for example in splits.train for tag in example.tags)
        require_two_classes(tags, config.train_file or splits.dataset)
        vectors = self._learn_vectors(splits, config)
        watch = Stopwatch()
        settings = SentenceSettings(
            max_word_length=config.max_word_length if config.char_units else 0,
            max_prefix=config.max_prefix if config.orthographic_embedding else 0,
            max_suffix=config.max_suffix if config.orthographic_embedding else 0,
            min_feature_count=config.min_feature_count,
        )
        kin = (
            RelatedWords(most_frequent_tags(splits.train))
            if config.related_words and config.orthographic_embedding
            else None
        )
        encoder = fit_sentence_encoder(splits.train, settings, self.entities(splits.train), vectors.words, kin)
        return FittedEncoder(
            encoder,
            encoder.encode(splits.train),
            initial_weights={"vectors": vectors.values} if vectors.words.words else {},
            seconds=vectors.seconds + watch.seconds,
            cpu_seconds=vectors.cpu_seconds + watch.cpu_seconds,
        )

    def _learn_vectors(self, splits: Splits[TaggedSentence], config: TaggingConfig) -> "WordVectors":
        """Of all words that stand in train or in other texts often enough; of none where there is too little text."""
        from data.cache import cached, default_cache, digest
        from data.encoders.word_vectors import EPOCHS, MIN_COUNT, WordVectors, fit_vectors_of_all_words

        if not config.word_vectors:
            return WordVectors()
        settings = {"size": config.vector_size, "seed": config.seed, "window": config.vector_window}
        train = [example.words for example in splits.train]
        return cached(
            config.cache or default_cache(),
            "word_vectors",
            digest(self.name, splits.source, settings, MIN_COUNT, EPOCHS, config.limit is None, train),
            WordVectors.save,
            WordVectors.load,
            compute=lambda: fit_vectors_of_all_words(
                [*train, *(example.words for example in splits.unlabelled())], **settings
            ),
        )

    def entities(self, train: Sequence[TaggedSentence]) -> Sequence[str]:
        """What of train is kept so that scores can tell seen entities from unseen ones."""
        return ()

    def load_encoder(self, folder: Path) -> "SentenceEncoder":
        from data.encoders.sentence import SentenceEncoder

        return SentenceEncoder.load(folder)

    def build_model(self, fitted: FittedEncoder[TaggedSentence], config: TrainingConfig) -> "keras.Model":

        assert isinstance(config, TaggingConfig)
        encoder = cast("SentenceEncoder", fitted.encoder)
        settings = models.TaggerSettings(
            vocab_size=len(encoder.words),
            char_vocabulary=len(encoder.char_vocabulary),
            forms=len(encoder.forms),
            tags=len(encoder.tags),
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
        """Whether tag j may follow tag i, and in the last row whether it may be the first: (tags + 1, tags)."""
        return [[True] * len(tags)] * (len(tags) + 1)

    def loss(self, config: TrainingConfig) -> "keras.losses.Loss":
        import keras

        assert isinstance(config, TaggingConfig)
        if config.head == "crf":
            return models.CRFLoss()
        return keras.losses.SparseCategoricalCrossentropy(
            from_logits=True, ignore_class=IGNORE_INDEX, reduction="mean_with_sample_weight"
        )

    def predict(
        self, model: "keras.Model", encoder: Encoder[TaggedSentence], encoded: EncodedDataset, config: DecodingConfig
    ) -> list[TagsPrediction]:
        from data.batches import predict_in_batches

        known = cast("SentenceEncoder", encoder).tags
        found = predict_in_batches(models.make_predictor(model), encoded, PREDICT_BATCH_TOKENS)
        return [
            TagsPrediction(tuple(known[place] for place in places[:length]), known, shares[:length])
            for (places, shares), length in zip(found, encoded.lengths, strict=True)
        ]

    def to_scored_example(self, example: TaggedSentence, answer: TagsPrediction) -> ScoredExample:
        tags = answer.tags
        return ScoredExample(
            " ".join(example.words),
            " ".join(example.tags),
            " ".join(tags),
            self.sentence_score(example, tags),
            rows=(example.words, example.tags, tags) if example.tags else (example.words, tags),
        )

    def baselines(
        self,
        train: Sequence[TaggedSentence],
        validation: Sequence[TaggedSentence],
        parts: Mapping[str, Sequence[TaggedSentence]],
        encoder: Encoder[TaggedSentence],
        config: TrainingConfig,
    ) -> Mapping[str, Mapping[str, Scores]]:
        return self.score_predictors(self.fit_baselines(train), parts, encoder)

    def fit_baselines(self, train: Sequence[TaggedSentence]) -> Mapping[str, Predictor[TaggedSentence, TagsPrediction]]:
        """What people would try first, by name."""
        from data.encoders.orthography import OrthographicSettings, orthographic_features
        from evaluation.tagging_baselines import fit_tagging_baselines

        settings = OrthographicSettings(max_prefix=3, max_suffix=5)
        return fit_tagging_baselines(train, lambda word: orthographic_features(word, settings))

    @abstractmethod
    def sentence_score(self, example: TaggedSentence, tags: Sequence[str]) -> float:
        """How good the tags of one sentence are, from 0 to 1."""

    def word_vectors(
        self, model: "keras.Model", encoder: Encoder[TaggedSentence]
    ) -> tuple[np.ndarray, Sequence[str]] | None:
        words = cast("SentenceEncoder", encoder).words.words
        (vectors,) = model.get_layer("embedding").get_weights()
        return vectors[-len(words) :], words

    def parse_input(self, text: str, config: DecodingConfig) -> TaggedSentence:
        from data.readers.tokenization import TOKENIZERS

        assert isinstance(config, TaggingPredictConfig)
        split: Callable[[str], list[str]] = str.split if config.tokenized else TOKENIZERS[self.tokenizer]
        return TaggedSentence(tuple(split(text)))

    def format_prediction(self, example: TaggedSentence, answer: TagsPrediction, config: DecodingConfig) -> str:
        from console.interlinear import interlinear, terminal_width

        assert isinstance(config, TaggingPredictConfig)
        tags = answer.tags
        if config.conllu:
            return self.as_conllu(example.words, tags)
        return interlinear((example.words, tags), terminal_width())

    @abstractmethod
    def as_conllu(self, words: Sequence[str], tags: Sequence[str]) -> str:
        """A sentence as CoNLL-U; a line break ends it, so that a blank line follows."""

    def to_json(self, example: TaggedSentence, answer: TagsPrediction) -> Mapping[str, object]:
        tags = answer.tags
        given: dict[str, object] = {"words": list(example.words), "tags": list(tags)}
        if answer.probabilities is not None:
            place = {tag: number for number, tag in enumerate(answer.labels)}
            pairs = zip(tags, answer.probabilities, strict=True)
            given["probabilities"] = [float(shares[place[tag]]) for tag, shares in pairs]
        return given
