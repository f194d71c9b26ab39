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
from data.builders.flickr8k.layout import read_images
from data.cache import cache_folder
from data.encoders import image_features
from data.encoders.caption import CaptionEncoder, CaptionSettings
from data.encoders.image_features import ImageFeatures
from data.readers.datasets import SYNTHETIC, RawSplits, load_captions, synthetic_examples
from data.readers.files import read_bytes
from data.readers.images import BadImage, read_image
from data.splits import subsample
from data.stopwatch import Stopwatch
from schema.configs import Positive, Range, TableFlags, TrainingConfig
from schema.encoded import BEGIN, SPECIAL_TOKENS, UNKNOWN, EncodedDataset
from schema.errors import UserError
from schema.examples import CaptionedImage, Splits
from schema.file_format import FileFormat
from schema.predictions import AttentionWeights, Predictor, Remember, TextPrediction
from schema.scores import ScoredExample, Scores, SeenInTraining
from tasks.generation import Generation, GenerationConfig, GenerationDecodingConfig, GenerationPredictConfig
from tasks.task import FittedEncoder

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

IMAGE_ENCODER = "image_encoder"
"""Name of the model's layer with a frozen image encoder."""
NORMALIZATION_BATCH = 50
"""Number of images whose features are in memory at once while their mean and deviation are computed."""


@dataclass(frozen=True)
class CaptionConfig(TableFlags, GenerationConfig):
    """Train a recurrent network for image captioning."""

    quick_defaults = {**TrainingConfig.quick_defaults, "limit": 200}
    min_epochs = 15

    image_encoder: Literal["mobilenet_v2", "small"] | None = None
    """Image encoder: MobileNetV2, pretrained on ImageNet and frozen, or a small convolutional network, trained with the
    decoder. Default: small for the synthetic data, MobileNetV2 otherwise."""
    min_count: Positive = 5
    """Minimum number of occurrences of a word in the training captions to enter the vocabulary."""
    max_target_length: Positive = 40
    """Maximum length of a training caption, in words."""
    batch_tokens: Annotated[int, Range(1, 10_000_000)] | None = 1000
    """Batch size in words of captions, padding included."""


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
    input_is_path = True
    primary_metric = "cider"
    datasets = ("flickr8k", SYNTHETIC)
    decoding_batch_tokens = 500
    max_length_ratio = None
    config_class = CaptionConfig
    decoding_config_class = CaptionDecodingConfig
    predict_config_class = CaptionPredictConfig
    encoder_class = CaptionEncoder
    file_flags_class = TableFlags

    def load(self, dataset: str, config: CaptionConfig) -> RawSplits[CaptionedImage]:
        return synthetic_examples(synthetic.images) if dataset == SYNTHETIC else load_captions()

    def splits(self, config: CaptionConfig) -> Splits[CaptionedImage]:
        splits = super().splits(config)
        # An image keeps all its captions until validation has been held out.
        train = [replace(each, captions=(caption,)) for each in splits.train for caption in each.captions]
        return replace(splits, train=subsample(train, config.limit))

    def fit_encoder(self, splits: Splits[CaptionedImage], config: CaptionConfig) -> FittedEncoder[CaptionEncoder]:
        settings = CaptionSettings(
            image_encoder=config.image_encoder or ("small" if splits.synthetic else "mobilenet_v2"),
            features="vectors" if config.attention == "none" else "regions",
            max_target_length=config.max_target_length,
        )
        features = None
        if settings.image_encoder == "mobilenet_v2":
            image_encoder = models.FrozenImageEncoder(image_features.imagenet_encoder(), name=IMAGE_ENCODER)
            features = ImageFeatures(image_encoder, settings.features, cache_folder(config.cache))
        watch = Stopwatch()
        captions = [caption for example in splits.train for caption in example.captions]
        encoder = CaptionEncoder.fit(captions, settings, config.min_count, features)
        seconds, cpu_seconds = watch.seconds, watch.cpu_seconds
        seen = SeenInTraining(vocab_size=len(encoder.vocabulary) - len(SPECIAL_TOKENS))
        return FittedEncoder(encoder, encoder.encode(splits.train), seen, seconds=seconds, cpu_seconds=cpu_seconds)

    def load_encoder(self, folder: Path, model: "keras.Model") -> CaptionEncoder:
        encoder = CaptionEncoder.load(folder)
        if encoder.settings.image_encoder == "small":
            return encoder
        return encoder.with_features(ImageFeatures(model.get_layer(IMAGE_ENCODER), encoder.settings.features))

    def baseline_cache_key(self, config: CaptionConfig) -> object:
        # Baselines compare images by the features of the image encoder.
        return config.image_encoder

    def with_all_references(
        self, examples: Sequence[CaptionedImage], train: Sequence[CaptionedImage]
    ) -> Sequence[CaptionedImage]:
        captions: dict[bytes, tuple[str, ...]] = {}
        for example in train:
            captions[example.image] = captions.get(example.image, ()) + example.captions
        return [replace(example, captions=captions[example.image]) for example in examples]

    def build_model(self, fitted: FittedEncoder[CaptionEncoder], config: CaptionConfig) -> "keras.Model":
        encoder, images = fitted.encoder, fitted.encoded.indexed("image")
        settings = models.CaptionerSettings(
            self.decoder_settings(len(encoder.vocabulary), config), shape=images.shape[1:]
        )
        if encoder.image_features is None:
            return models.build_captioner(settings)
        model = models.build_captioner(settings, encoder.image_features.image_encoder)
        indices = np.arange(images.values.shape[0])
        batches = np.array_split(indices, -(-len(indices) // NORMALIZATION_BATCH))
        models.fit_normalization(model, (images.values[batch] for batch in batches))
        return model

    def make_beam_search(self, model: "keras.Model") -> "models.BeamSearch":
        return models.BeamSearch(
            models.incremental_captioner(model), forbidden=(UNKNOWN,), source=models.image_spec(model)
        )

    def source_column(self, encoded: EncodedDataset) -> tuple[str, EncodedDataset]:
        return "image", EncodedDataset({"image": encoded.inputs["image"]})

    def detokenize(self, encoder: CaptionEncoder, ids: Sequence[Sequence[int]]) -> list[str]:
        return [encoder.detokenize(row) for row in ids]

    def predict(
        self, model: "keras.Model", encoder: CaptionEncoder, encoded: EncodedDataset, config: CaptionPredictConfig
    ) -> list[TextPrediction]:
        predictions = super().predict(model, encoder, encoded, config)
        if not config.show_attention:
            return predictions
        decoder, images = models.incremental_captioner(model), encoded.indexed("image")
        return [
            replace(prediction, attention=_attention(decoder, images[np.array([index])], prediction))
            for index, prediction in enumerate(predictions)
        ]

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

    def to_scored_example(self, example: CaptionedImage, prediction: TextPrediction) -> ScoredExample:
        score = evaluation.caption_scores.sentence_rouge_l(example.captions, prediction.text)
        return ScoredExample(
            example.name or f"image {example.key[:12]}", " | ".join(example.captions), prediction.text, score
        )

    def fit_baselines(
        self, splits: Splits[CaptionedImage], encoder: CaptionEncoder, config: CaptionConfig, remember: Remember
    ) -> Mapping[str, Predictor[CaptionedImage, TextPrediction]]:
        if encoder.image_features is not None:
            cache = cache_folder(config.cache)
            encoder = encoder.with_features(replace(encoder.image_features, cache=cache))

        def vectors(examples: Sequence[CaptionedImage]) -> np.ndarray:
            return encoder.vectors([example.image for example in examples])

        return evaluation.caption_baselines.fit_caption_baselines(splits.train, splits.validation, vectors, remember)

    def read_file(self, path: Path, file_format: FileFormat) -> list[CaptionedImage]:
        entries = read_images(path, file_format)
        return [CaptionedImage(image.read_bytes(), captions, image.name) for image, captions in entries]

    def parse_input(self, text: str, config: CaptionPredictConfig) -> CaptionedImage:
        content = read_bytes(Path(text))
        try:
            read_image(content)
        except BadImage as error:
            raise UserError(f"{text}: {error}") from error
        return CaptionedImage(content, name=text)

    def example_id(self, example: CaptionedImage, number: int) -> int | str:
        return example.name or number


def _attention(
    decoder: "models.IncrementalDecoder", image: np.ndarray, prediction: TextPrediction
) -> AttentionWeights | None:
    """Attention of each word of a prediction over the regions of its image; None for a model without attention."""
    words = prediction.text.split()
    target = np.array([[BEGIN, *prediction.ids[:-1]]], np.int32)
    weights = models.attention_weights(decoder, image, target)
    return None if weights is None or not words else AttentionWeights((), tuple(words), weights[0])


def _figure(example: CaptionedImage, prediction: TextPrediction) -> "Figure":
    image = read_image(example.image)
    captions, name = example.captions, Path(example.name).name
    return evaluation.plots.caption_figure(image, captions, prediction.text, prediction.attention, name)


TASK = Caption()

if __name__ == "__main__":
    from train import run_train

    run_train(TASK.name)
