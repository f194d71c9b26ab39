"""What is to be seen in a picture? One to many, on Flickr8k (Hodosh et al. 2013).

python train.py caption
python train.py caption --attention none --cell gru
python train.py caption --train-file my_pictures
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import numpy as np

import models
from data import synthetic
from data.readers.datasets import SYNTHETIC, RawSplits, load_captions, synthetic_examples
from data.stopwatch import Stopwatch
from schema.configs import DecodingConfig, Positive, Range, TrainingConfig
from schema.encoded import EncodedDataset, IndexedColumn
from schema.errors import UserError
from schema.examples import CaptionedImage, Splits
from schema.predictions import AttentionWeights, Predictor, TextPrediction
from schema.scores import ScoredExample, Scores
from tasks.generation import (
    ATTENTION_EXAMPLES,
    Generation,
    GenerationConfig,
    GenerationDecodingConfig,
    GenerationPredictConfig,
)
from tasks.task import Encoder, FittedEncoder

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

    from data.encoders.caption import CaptionEncoder
    from data.encoders.image_features import ImageFeatures

SMALL_IMAGE_SIZE = 64
"""Pixels of a picture, in height and width, where a small network reads it."""


@dataclass(frozen=True)
class CaptionConfig(GenerationConfig):
    """Train a recurrent network to say what is to be seen in pictures."""

    quick_defaults = {**TrainingConfig.quick_defaults, "limit": 200}
    min_epochs = 15

    image_encoder: Literal["mobilenet_v2", "small"] | None = None
    """What looks at pictures: MobileNetV2 as it was trained on photographs, or a small network that is trained along;
    where none is given the small one for the synthetic data, and MobileNetV2 for all else."""
    min_count: Positive = 5
    """Times that a word stands in the captions of train, at least, to be learnt."""
    max_target_length: Positive = 40
    """Words of a caption that are learnt."""
    batch_tokens: Annotated[int, Range(1, 10_000_000)] | None = 1000
    """Size of a batch, in words of captions, padding included."""


@dataclass(frozen=True)
class CaptionDecodingConfig(GenerationDecodingConfig):
    """How a saved model writes captions: left alone it says what it is sure of twice."""

    length_penalty: Annotated[float, Range(0, 5)] = 0.8
    """A hypothesis is judged by its log-probability over its length to this power."""
    no_repeat_ngram_size: Annotated[int, Range(0, 20)] = 2
    """No row of so many words stands twice in a caption; 0 allows all."""
    max_length: Annotated[int, Range(1, 1000)] = 20
    """Words that a caption has, at most."""


@dataclass(frozen=True)
class CaptionPredictConfig(CaptionDecodingConfig, GenerationPredictConfig):
    """Flags of `predict.py` for captions."""


class Caption(Generation[CaptionedImage]):
    """Pictures in, a sentence out."""

    name = "caption"
    rnn_type = "one to many"
    summary = "what is to be seen in a picture?"
    question = "name of a picture's file"
    primary_metric = "cider"
    datasets = ("flickr8k", SYNTHETIC)
    decoding_tokens = 500
    max_length_ratio = None
    config_class = CaptionConfig
    decoding_config_class = CaptionDecodingConfig
    predict_config_class = CaptionPredictConfig

    def load(self, dataset: str, config: TrainingConfig) -> RawSplits[CaptionedImage]:
        return synthetic_examples(synthetic.images) if dataset == SYNTHETIC else load_captions()

    def splits(self, config: TrainingConfig) -> Splits[CaptionedImage]:
        from data.splits import subsample

        splits = super().splits(config)
        # A picture has all its captions until validation is held out.
        train = [replace(each, captions=(caption,)) for each in splits.train for caption in each.captions]
        return replace(splits, train=subsample(train, config.limit))

    def fit_encoder(self, splits: Splits[CaptionedImage], config: TrainingConfig) -> FittedEncoder[CaptionedImage]:
        from data.encoders.caption import CaptionEncoder, CaptionSettings
        from data.readers.images import SIDE
        from evaluation.caption_scores import caption_tokens

        assert isinstance(config, CaptionConfig)
        small = config.image_encoder == "small" or (config.image_encoder is None and splits.synthetic)
        see = None if small else self._features(config)
        watch = Stopwatch()
        settings = CaptionSettings(SMALL_IMAGE_SIZE if small else SIDE, config.max_target_length)
        captions = [caption for example in splits.train for caption in example.captions]
        encoder = CaptionEncoder.fit(settings, captions, config.min_count, caption_tokens, see)
        seconds, cpu_seconds = watch.seconds, watch.cpu_seconds
        return FittedEncoder(encoder, encoder.encode(splits.train), seconds=seconds, cpu_seconds=cpu_seconds)

    def _features(self, config: TrainingConfig) -> "ImageFeatures":
        from data.cache import default_cache
        from data.encoders.image_features import ImageFeatures, imagenet_encoder

        assert isinstance(config, CaptionConfig)
        kind = "vectors" if config.attention == "none" else "regions"
        return ImageFeatures(imagenet_encoder(), config.cache or default_cache(), kind)

    def baseline_cache_key(self, config: TrainingConfig) -> object:
        # Baselines compare pictures by what the network sees.
        assert isinstance(config, CaptionConfig)
        return config.image_encoder

    def with_all_references(
        self, examples: Sequence[CaptionedImage], train: Sequence[CaptionedImage]
    ) -> Sequence[CaptionedImage]:
        captions: dict[bytes, tuple[str, ...]] = {}
        for example in train:
            captions[example.image] = captions.get(example.image, ()) + example.captions
        return [replace(example, captions=captions[example.image]) for example in examples]

    def load_encoder(self, folder: Path) -> "CaptionEncoder":
        from data.encoders.caption import CaptionEncoder
        from evaluation.caption_scores import caption_tokens

        return CaptionEncoder.load(folder, caption_tokens)

    def build_model(self, fitted: FittedEncoder[CaptionedImage], config: TrainingConfig) -> "keras.Model":

        assert isinstance(config, CaptionConfig)
        encoder = cast("CaptionEncoder", fitted.encoder)
        settings = self.decoder_settings(len(encoder.vocabulary), config)
        pictures = cast(IndexedColumn, fitted.encoded.inputs["picture"])
        captioner = models.CaptionerSettings(settings, pictures.shape[1:])
        if encoder.image_features is None:
            return models.build_captioner(captioner)
        model = models.build_captioner(captioner, encoder.image_features.network)
        places = np.arange(pictures.values.shape[0])
        parts = np.array_split(places, -(-len(places) // PICTURES_AT_ONCE))
        models.standardise(model, (pictures.values[part] for part in parts))
        return model

    def make_beam_search(self, model: "keras.Model") -> "models.BeamSearch":
        from data.encoders.caption import BEGIN, END
        from data.encoders.vocabulary import UNKNOWN

        return models.BeamSearch(
            models.incremental_captioner(model), BEGIN, END, never=(UNKNOWN,), source=models.picture_spec(model)
        )

    def decoder_inputs(self, model: "keras.Model", encoded: EncodedDataset) -> tuple[str, EncodedDataset]:
        return "picture", EncodedDataset(
            {"picture": self._as_read(model, cast(IndexedColumn, encoded.inputs["picture"]))}
        )

    def _as_read(self, model: "keras.Model", pictures: IndexedColumn) -> IndexedColumn:
        """Features in place of pixels, where the model wants them."""
        from data.batches import Arrays, predict_in_batches

        spec = models.picture_spec(model)
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

    def detokenize(self, encoder: Encoder[CaptionedImage], ids: Sequence[Sequence[int]]) -> list[str]:
        return [cast("CaptionEncoder", encoder).detokenize(row) for row in ids]

    def predict(
        self, model: "keras.Model", encoder: Encoder[CaptionedImage], encoded: EncodedDataset, config: DecodingConfig
    ) -> list[TextPrediction]:
        pictures = self.decoder_inputs(model, encoded)[1]
        answers = super().predict(model, encoder, pictures, config)
        if not (isinstance(config, GenerationPredictConfig) and config.show_attention):
            return answers

        stepper, column = models.incremental_captioner(model), cast(IndexedColumn, pictures.inputs["picture"])
        rows = [column[np.array([place])] for place in range(len(answers))]
        return [
            replace(answer, attention=self._attend(stepper, row, answer))
            for answer, row in zip(answers, rows, strict=True)
        ]

    def _attend(
        self, stepper: "models.IncrementalDecoder", picture: np.ndarray, answer: TextPrediction
    ) -> AttentionWeights | None:
        """How much of each region each word was made from; None where the model has no attention."""
        from data.encoders.caption import BEGIN

        words = answer.text.split()
        weights = models.attention_weights(stepper, picture, np.array([[BEGIN, *answer.ids[:-1]]], np.int32))
        return None if weights is None or not words else AttentionWeights((), tuple(words), weights[0])

    def picture(self, example: CaptionedImage, answer: TextPrediction) -> "Figure | None":
        return _figure(example, answer) if answer.attention else None

    def draw(
        self, model: "keras.Model", encoder: Encoder[CaptionedImage], examples: Sequence[CaptionedImage]
    ) -> "Mapping[str, Figure]":
        asked = list(examples[:ATTENTION_EXAMPLES])
        answers = self.predict(model, encoder, encoder.encode(asked), self.attention_config())
        pairs = enumerate(zip(asked, answers, strict=True), 1)
        return {f"caption/{place}": _figure(*pair) for place, pair in pairs}

    def score(
        self, encoder: Encoder[CaptionedImage], examples: Sequence[CaptionedImage], answers: Sequence[TextPrediction]
    ) -> Scores:
        from evaluation.caption_scores import caption_scores

        return caption_scores(examples, answers, vocabulary=len(cast("CaptionEncoder", encoder).vocabulary) - MARKS)

    def to_scored_example(self, example: CaptionedImage, answer: TextPrediction) -> ScoredExample:
        from evaluation.caption_scores import sentence_rouge_l

        name = f"picture {example.key[:12]}"
        return ScoredExample(
            name, " | ".join(example.captions), answer.text, sentence_rouge_l(example.captions, answer.text)
        )

    def fit_baselines(
        self,
        train: Sequence[CaptionedImage],
        validation: Sequence[CaptionedImage],
        encoder: Encoder[CaptionedImage],
        config: TrainingConfig,
    ) -> Mapping[str, Predictor[CaptionedImage, TextPrediction]]:
        from evaluation.caption_baselines import fit_caption_baselines

        known = cast("CaptionEncoder", encoder)
        # A saved run's encoder looks at no pictures; its model does.
        if known.image_features is None and known.settings.side != SMALL_IMAGE_SIZE:
            known = known.with_features(self._features(config))

        def vectors(examples: Sequence[CaptionedImage]) -> np.ndarray:
            return known.vectors([example.image for example in examples])

        return fit_caption_baselines(train, validation, vectors)

    def read_file(self, path: Path) -> list[CaptionedImage]:
        from data.builders.flickr8k.layout import read_images

        return [CaptionedImage(picture.read_bytes(), captions) for picture, captions in read_images(path)]

    def parse_input(self, text: str, config: DecodingConfig) -> CaptionedImage:
        from data.readers.files import read_bytes
        from data.readers.images import BadImage, read_image

        content = read_bytes(Path(text))
        try:
            read_image(content)
        except BadImage as error:
            raise UserError(f"{text}: {error}") from error
        return CaptionedImage(content)


def _figure(example: CaptionedImage, answer: TextPrediction) -> "Figure":
    from data.readers.images import read_image
    from evaluation.plots import caption_figure

    return caption_figure(read_image(example.image), example.captions, answer.text, answer.attention)


PICTURES_AT_ONCE = 50
MARKS = 4
"""Ids that are no words: padding, unknown, beginning and end."""

TASK = Caption()

if __name__ == "__main__":
    from train import run_train

    raise SystemExit(run_train(TASK.name))
