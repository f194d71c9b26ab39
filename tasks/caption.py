"""What does an image show? One to many, on Flickr8k (Hodosh et al. 2013).

python train.py caption
python train.py caption --attention none --cell gru
python train.py caption --train-file my_images
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np

import evaluation
import models
from data import synthetic
from data.batches import Arrays, predict_in_batches
from data.builders.flickr8k.layout import read_images
from data.cache import default_cache
from data.encoders import image_features
from data.encoders.caption import BEGIN, CaptionEncoder, CaptionSettings
from data.encoders.image_features import ImageFeatures, Kind
from data.encoders.vocabulary import UNKNOWN
from data.readers.datasets import SYNTHETIC, RawSplits, load_captions, synthetic_examples
from data.readers.files import read_bytes
from data.readers.images import SIDE, BadImage, read_image
from data.splits import subsample
from data.stopwatch import Stopwatch
from schema.configs import Positive, Range, TrainingConfig
from schema.encoded import EncodedDataset, IndexedColumn
from schema.errors import UserError
from schema.examples import CaptionedImage, Splits
from schema.predictions import AttentionWeights, Predictor, TextPrediction
from schema.scores import ScoredExample, Scores, SeenInTraining
from tasks.generation import Generation, GenerationConfig, GenerationDecodingConfig, GenerationPredictConfig
from tasks.task import FittedEncoder

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

SMALL_IMAGE_SIZE = 64
"""Height and width of an image for the small image encoder, in pixels."""


@dataclass(frozen=True)
class CaptionConfig(GenerationConfig):
    """Train a recurrent network for image captioning."""

    quick_defaults = {**TrainingConfig.quick_defaults, "limit": 200}
    min_epochs = 15

    image_encoder: Literal["mobilenet_v2", "small"] | None = None
    """Image encoder: MobileNetV2 pretrained on ImageNet and frozen, or a small convolutional network that is trained with
    the decoder. Default: small for the synthetic data, MobileNetV2 otherwise."""
    min_count: Positive = 5
    """Minimum number of occurrences of a word in the training captions to enter the vocabulary."""
    max_target_length: Positive = 40
    """Maximum length of a training caption, in words."""
    batch_tokens: Annotated[int, Range(1, 10_000_000)] | None = 1000
    """Batch size in words of captions, including padding."""


@dataclass(frozen=True)
class CaptionDecodingConfig(GenerationDecodingConfig):
    """Flags of decoding captions. The defaults limit repetition."""

    length_penalty: Annotated[float, Range(0, 5)] = 0.8
    """Exponent of the length by which the log-probability of a hypothesis is divided."""
    no_repeat_ngram_size: Annotated[int, Range(0, 20)] = 2
    """No n-gram of this size is repeated; 0 allows all."""
    max_length: Annotated[int, Range(1, 1000)] = 20
    """Maximum length of a caption, in words."""


@dataclass(frozen=True)
class CaptionPredictConfig(CaptionDecodingConfig, GenerationPredictConfig):
    """Flags of `predict.py` for captions."""


class Caption(Generation[CaptionedImage, CaptionEncoder, CaptionConfig, CaptionPredictConfig]):
    """Generates a caption for an image."""

    name = "caption"
    rnn_type = "one to many"
    summary = "What does an image show?"
    input_description = "path of an image"
    primary_metric = "cider"
    datasets = ("flickr8k", SYNTHETIC)
    decoding_tokens = 500
    max_length_ratio = None
    config_class = CaptionConfig
    decoding_config_class = CaptionDecodingConfig
    predict_config_class = CaptionPredictConfig
    encoder_class = CaptionEncoder

    def load(self, dataset: str, config: CaptionConfig) -> RawSplits[CaptionedImage]:
        return synthetic_examples(synthetic.images) if dataset == SYNTHETIC else load_captions()

    def splits(self, config: CaptionConfig) -> Splits[CaptionedImage]:

        splits = super().splits(config)
        # A picture has all its captions until validation is held out.
        train = [replace(each, captions=(caption,)) for each in splits.train for caption in each.captions]
        return replace(splits, train=subsample(train, config.limit))

    def fit_encoder(self, splits: Splits[CaptionedImage], config: CaptionConfig) -> FittedEncoder[CaptionEncoder]:

        small = config.image_encoder == "small" or (config.image_encoder is None and splits.synthetic)
        see = None if small else self._features(config)
        watch = Stopwatch()
        settings = CaptionSettings(SMALL_IMAGE_SIZE if small else SIDE, config.max_target_length)
        captions = [caption for example in splits.train for caption in example.captions]
        encoder = CaptionEncoder.fit(settings, captions, config.min_count, see)
        seconds, cpu_seconds = watch.seconds, watch.cpu_seconds
        seen = SeenInTraining(vocab_size=len(encoder.vocabulary) - NUM_SPECIAL_TOKENS)
        return FittedEncoder(encoder, encoder.encode(splits.train), seen, seconds=seconds, cpu_seconds=cpu_seconds)

    def _features(self, config: CaptionConfig) -> ImageFeatures:

        kind: Kind = "vectors" if config.attention == "none" else "regions"
        return ImageFeatures(image_features.imagenet_encoder(), config.cache or default_cache(), kind)

    def baseline_cache_key(self, config: CaptionConfig) -> object:
        # Baselines compare pictures by what the network sees.
        return config.image_encoder

    def with_all_references(
        self, examples: Sequence[CaptionedImage], train: Sequence[CaptionedImage]
    ) -> Sequence[CaptionedImage]:
        captions: dict[bytes, tuple[str, ...]] = {}
        for example in train:
            captions[example.image] = captions.get(example.image, ()) + example.captions
        return [replace(example, captions=captions[example.image]) for example in examples]

    def build_model(self, fitted: FittedEncoder[CaptionEncoder], config: CaptionConfig) -> "keras.Model":

        encoder = fitted.encoder
        settings = self.decoder_settings(len(encoder.vocabulary), config)
        pictures = fitted.encoded.indexed("picture")
        captioner = models.CaptionerSettings(settings, pictures.shape[1:])
        if encoder.image_features is None:
            return models.build_captioner(captioner)
        model = models.build_captioner(captioner, encoder.image_features.network)
        places = np.arange(pictures.values.shape[0])
        parts = np.array_split(places, -(-len(places) // PICTURES_AT_ONCE))
        models.fit_normalization(model, (pictures.values[part] for part in parts))
        return model

    def make_beam_search(self, model: "keras.Model") -> "models.BeamSearch":

        return models.BeamSearch(
            models.incremental_captioner(model), forbidden=(UNKNOWN,), source=models.image_spec(model)
        )

    def decoder_inputs(self, model: "keras.Model", encoded: EncodedDataset) -> tuple[str, EncodedDataset]:
        return "picture", EncodedDataset({"picture": self._as_read(model, encoded.indexed("picture"))})

    def _as_read(self, model: "keras.Model", pictures: IndexedColumn) -> IndexedColumn:
        """Features in place of pixels, where the model wants them."""

        spec = models.image_spec(model)
        if pictures.dtype == spec.dtype.as_numpy_dtype:
            return pictures
        network = model.get_layer("network")

        def look(inputs: Arrays) -> np.ndarray:
            regions = np.asarray(network.read(inputs["picture"]))
            whole = len(spec.shape) == 2
            return (regions.mean(axis=1) if whole else regions).astype(spec.dtype.as_numpy_dtype)

        column = EncodedDataset({"picture": IndexedColumn(pictures.values, np.arange(len(pictures.values)))})
        seen = predict_in_batches(look, column, PICTURES_AT_ONCE, "looking at pictures")
        return IndexedColumn(np.stack(seen), pictures.indices)

    def detokenize(self, encoder: CaptionEncoder, ids: Sequence[Sequence[int]]) -> list[str]:
        return [encoder.detokenize(row) for row in ids]

    def predict(
        self, model: "keras.Model", encoder: CaptionEncoder, encoded: EncodedDataset, config: CaptionPredictConfig
    ) -> list[TextPrediction]:
        pictures = self.decoder_inputs(model, encoded)[1]
        answers = super().predict(model, encoder, pictures, config)
        if not config.show_attention:
            return answers

        stepper, column = models.incremental_captioner(model), pictures.indexed("picture")
        rows = [column[np.array([place])] for place in range(len(answers))]
        return [
            replace(answer, attention=self._attend(stepper, row, answer))
            for answer, row in zip(answers, rows, strict=True)
        ]

    def _attend(
        self, stepper: "models.IncrementalDecoder", picture: np.ndarray, answer: TextPrediction
    ) -> AttentionWeights | None:
        """How much of each region each word was made from; None where the model has no attention."""

        words = answer.text.split()
        weights = models.attention_weights(stepper, picture, np.array([[BEGIN, *answer.ids[:-1]]], np.int32))
        return None if weights is None or not words else AttentionWeights((), tuple(words), weights[0])

    def figures(
        self,
        model: "keras.Model",
        encoder: CaptionEncoder,
        examples: Sequence[CaptionedImage],
        predictions: Sequence[TextPrediction],
    ) -> "Mapping[str, Figure]":
        pairs = enumerate(zip(examples, predictions, strict=True), 1)
        return {f"caption/{number}": _figure(*pair) for number, pair in pairs}

    def scores(
        self, examples: Sequence[CaptionedImage], predictions: Sequence[TextPrediction], seen: SeenInTraining
    ) -> Scores:
        return evaluation.caption_scores.caption_scores(examples, predictions, seen)

    def to_scored_example(self, example: CaptionedImage, answer: TextPrediction) -> ScoredExample:

        name = f"picture {example.key[:12]}"
        return ScoredExample(
            name,
            " | ".join(example.captions),
            answer.text,
            evaluation.caption_scores.sentence_rouge_l(example.captions, answer.text),
        )

    def fit_baselines(
        self, splits: Splits[CaptionedImage], encoder: CaptionEncoder, config: CaptionConfig
    ) -> Mapping[str, Predictor[CaptionedImage, TextPrediction]]:
        known = encoder
        # A saved run's encoder looks at no pictures; its model does.
        if known.image_features is None and known.settings.side != SMALL_IMAGE_SIZE:
            known = known.with_features(self._features(config))

        def vectors(examples: Sequence[CaptionedImage]) -> np.ndarray:
            return known.vectors([example.image for example in examples])

        return evaluation.caption_baselines.fit_caption_baselines(splits.train, splits.validation, vectors)

    def read_file(self, path: Path) -> list[CaptionedImage]:

        return [CaptionedImage(picture.read_bytes(), captions) for picture, captions in read_images(path)]

    def parse_input(self, text: str, config: CaptionPredictConfig) -> CaptionedImage:

        content = read_bytes(Path(text))
        try:
            read_image(content)
        except BadImage as error:
            raise UserError(f"{text}: {error}") from error
        return CaptionedImage(content)


def _figure(example: CaptionedImage, answer: TextPrediction) -> "Figure":
    return evaluation.plots.caption_figure(read_image(example.image), example.captions, answer.text, answer.attention)


PICTURES_AT_ONCE = 50
NUM_SPECIAL_TOKENS = 4
"""Ids that are no words: padding, unknown, beginning and end."""

TASK = Caption()

if __name__ == "__main__":
    from train import run_train

    raise SystemExit(run_train(TASK.name))
