"""What is to be seen in a picture? One to many, on Flickr8k (Hodosh et al. 2013).

python train.py caption
python train.py caption --attention none --cell gru
python train.py caption --train-file my_pictures
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, cast

import numpy as np

from data import small_world
from data.sources import SMALL_WORLD, Official, load_captions, small_world_examples
from data.stopwatch import Stopwatch
from schema.answers import Attended, TextAnswer
from schema.configs import QUICK, Positive, Range, TrainingConfig
from schema.encoded import Encoded, Shared
from schema.errors import UserError
from schema.examples import CaptionedPicture, Splits
from schema.scores import Sample, Scores
from tasks.generation import MAPS, Generation, GenerationAnswerConfig, GenerationConfig, GenerationPredictConfig
from tasks.task import Encoder, Fitted

if TYPE_CHECKING:
    import keras
    from matplotlib.figure import Figure

    from data.caption_encoder import CaptionEncoder
    from data.picture_features import PictureFeatures
    from models.decoder import Stepper
    from models.decoding import Decoder

SMALL_SIDE = 64
"""Pixels of a picture, in height and width, where a small network reads it."""


@dataclass(frozen=True)
class CaptionConfig(GenerationConfig):
    """Train a recurrent network to say what is to be seen in pictures."""

    network: Literal["mobilenet_v2", "small"] | None = None
    """What looks at pictures: MobileNetV2 as it was trained on photographs, or a small network that is trained along;
    where none is given the small one for the small world, and MobileNetV2 for all else."""
    least_count: Positive = 5
    """Times that a word stands in the captions of train, at least, to be learnt."""
    longest_target: Positive = 40
    """Words of a caption that are learnt."""
    batch_tokens: Annotated[int, Range(1, 10_000_000)] | None = 1000
    """Size of a batch, in words of captions, padding included."""


@dataclass(frozen=True)
class CaptionAnswerConfig(GenerationAnswerConfig):
    """How a saved model writes captions: left alone it says what it is sure of twice."""

    length_power: Annotated[float, Range(0, 5)] = 0.8
    """A hypothesis is judged by its log-probability over its length to this power."""
    no_repeat: Annotated[int, Range(0, 20)] = 2
    """No row of so many words stands twice in a caption; 0 allows all."""
    longest: Annotated[int, Range(1, 1000)] = 20
    """Words that a caption has, at most."""


@dataclass(frozen=True)
class CaptionPredictConfig(CaptionAnswerConfig, GenerationPredictConfig):
    """Flags of `predict.py` for captions."""


class Caption(Generation[CaptionedPicture]):
    """Pictures in, a sentence out."""

    name = "caption"
    rnn_type = "one to many"
    summary = "what is to be seen in a picture?"
    question = "name of a picture's file"
    headline = "cider"
    datasets = ("flickr8k", SMALL_WORLD)
    quick = {**QUICK, "limit": 200}
    least_epochs = 15
    decoding_tokens = 500
    longest_ratio = None
    Config = CaptionConfig
    AnswerConfig = CaptionAnswerConfig
    PredictConfig = CaptionPredictConfig

    def load(self, dataset: str, config: TrainingConfig) -> Official[CaptionedPicture]:
        return small_world_examples(small_world.pictures) if dataset == SMALL_WORLD else load_captions()

    def identity(self, example: CaptionedPicture) -> str:
        return hashlib.sha256(example.picture).hexdigest()

    def splits(self, config: TrainingConfig) -> Splits[CaptionedPicture]:
        from data.splits import cut

        splits = super().splits(config)
        # A picture has all its captions until validation is held out.
        train = [replace(each, captions=(caption,)) for each in splits.train for caption in each.captions]
        return replace(splits, train=cut(train, config.limit))

    def fit_encoder(self, splits: Splits[CaptionedPicture], config: TrainingConfig) -> Fitted[CaptionedPicture]:
        from data.caption_encoder import CaptionEncoder, CaptionSettings
        from data.pictures import SIDE
        from evaluation.captions import caption_tokens

        assert isinstance(config, CaptionConfig)
        small = config.network == "small" or (config.network is None and splits.synthetic)
        see = None if small else self._features(config)
        watch = Stopwatch()
        settings = CaptionSettings(SMALL_SIDE if small else SIDE, config.longest_target)
        captions = [caption for example in splits.train for caption in example.captions]
        encoder = CaptionEncoder.learn(settings, captions, config.least_count, caption_tokens, see)
        seconds, cpu_seconds = watch.seconds, watch.cpu_seconds
        return Fitted(encoder, encoder.encode(splits.train), seconds=seconds, cpu_seconds=cpu_seconds)

    def _features(self, config: TrainingConfig) -> "PictureFeatures":
        from data.cache import default_cache
        from data.picture_features import PictureFeatures, photograph_network

        assert isinstance(config, CaptionConfig)
        kind = "vectors" if config.attention == "none" else "regions"
        return PictureFeatures(photograph_network(), config.cache or default_cache(), kind)

    def judged_by(self, config: TrainingConfig) -> object:
        # Baselines compare pictures by what the network sees.
        assert isinstance(config, CaptionConfig)
        return config.network

    def as_validation_has_them(
        self, examples: Sequence[CaptionedPicture], train: Sequence[CaptionedPicture]
    ) -> Sequence[CaptionedPicture]:
        captions: dict[bytes, tuple[str, ...]] = {}
        for example in train:
            captions[example.picture] = captions.get(example.picture, ()) + example.captions
        return [replace(example, captions=captions[example.picture]) for example in examples]

    def load_encoder(self, folder: Path) -> "CaptionEncoder":
        from data.caption_encoder import CaptionEncoder
        from evaluation.captions import caption_tokens

        return CaptionEncoder.load(folder, caption_tokens)

    def build_model(self, fitted: Fitted[CaptionedPicture], config: TrainingConfig) -> "keras.Model":
        from models.captioner import CaptionerSettings, build_captioner, standardise

        assert isinstance(config, CaptionConfig)
        encoder = cast("CaptionEncoder", fitted.encoder)
        settings = self.decoder_settings(len(encoder.vocabulary), config)
        pictures = cast(Shared, fitted.encoded.inputs["picture"])
        captioner = CaptionerSettings(settings, pictures.shape[1:])
        if encoder.see is None:
            return build_captioner(captioner)
        model = build_captioner(captioner, encoder.see.network)
        places = np.arange(pictures.values.shape[0])
        parts = np.array_split(places, -(-len(places) // PICTURES_AT_ONCE))
        standardise(model, (pictures.values[part] for part in parts))
        return model

    def make_decoder(self, model: "keras.Model") -> "Decoder":
        from data.caption_encoder import BEGIN, END
        from data.vocabulary import UNKNOWN
        from models.captioner import picture_spec, stepper_of
        from models.decoding import Decoder

        return Decoder(stepper_of(model), BEGIN, END, never=(UNKNOWN,), source=picture_spec(model))

    def asked(self, model: "keras.Model", encoded: Encoded) -> tuple[str, Encoded]:
        return "picture", Encoded({"picture": self._as_read(model, cast(Shared, encoded.inputs["picture"]))})

    def _as_read(self, model: "keras.Model", pictures: Shared) -> Shared:
        """Features in place of pixels, where the model wants them."""
        from data.batches import Arrays, predict
        from models.captioner import picture_spec

        spec = picture_spec(model)
        if pictures.dtype == spec.dtype.as_numpy_dtype:
            return pictures
        network = model.get_layer("network")

        def look(inputs: Arrays) -> np.ndarray:
            regions = np.asarray(network.read(inputs["picture"]))
            whole = len(spec.shape) == 2
            return (regions.mean(axis=1) if whole else regions).astype(spec.dtype.as_numpy_dtype)

        column = Encoded({"picture": Shared(pictures.values, np.arange(len(pictures.values)))})
        seen = predict(look, column, PICTURES_AT_ONCE, "looking at pictures")
        return Shared(np.stack(seen), pictures.places)

    def texts(self, encoder: Encoder[CaptionedPicture], ids: Sequence[Sequence[int]]) -> list[str]:
        return [cast("CaptionEncoder", encoder).decode(row) for row in ids]

    def answer(
        self, model: "keras.Model", encoder: Encoder[CaptionedPicture], encoded: Encoded, config: AnswerConfig
    ) -> list[TextAnswer]:
        pictures = self.asked(model, encoded)[1]
        answers = super().answer(model, encoder, pictures, config)
        if not (isinstance(config, GenerationPredictConfig) and config.show_attention):
            return answers
        from models.captioner import stepper_of

        stepper, column = stepper_of(model), cast(Shared, pictures.inputs["picture"])
        rows = [column[np.array([place])] for place in range(len(answers))]
        return [
            replace(answer, attended=self._attend(stepper, row, answer))
            for answer, row in zip(answers, rows, strict=True)
        ]

    def _attend(self, stepper: "Stepper", picture: np.ndarray, answer: TextAnswer) -> Attended | None:
        """How much of each region each word was made from; None where the model has no attention."""
        from data.caption_encoder import BEGIN
        from models.decoder import attention_weights

        words = answer.text.split()
        weights = attention_weights(stepper, picture, np.array([[BEGIN, *answer.ids[:-1]]], np.int32))
        return None if weights is None or not words else Attended((), tuple(words), weights[0])

    def picture(self, example: CaptionedPicture, answer: TextAnswer) -> "Figure | None":
        return _figure(example, answer) if answer.attended else None

    def draw(
        self, model: "keras.Model", encoder: Encoder[CaptionedPicture], examples: Sequence[CaptionedPicture]
    ) -> "Mapping[str, Figure]":
        asked = list(examples[:MAPS])
        answers = self.answer(model, encoder, encoder.encode(asked), self.looking())
        pairs = enumerate(zip(asked, answers, strict=True), 1)
        return {f"caption/{place}": _figure(*pair) for place, pair in pairs}

    def score(
        self, encoder: Encoder[CaptionedPicture], examples: Sequence[CaptionedPicture], answers: Sequence[TextAnswer]
    ) -> Scores:
        from evaluation.captions import caption_scores

        return caption_scores(examples, answers, vocabulary=len(cast("CaptionEncoder", encoder).vocabulary) - MARKS)

    def describe(self, example: CaptionedPicture, answer: TextAnswer) -> Sample:
        from evaluation.captions import sentence_rouge_l

        name = f"picture {self.identity(example)[:12]}"
        return Sample(name, " | ".join(example.captions), answer.text, sentence_rouge_l(example.captions, answer.text))

    def fit_baselines(
        self,
        train: Sequence[CaptionedPicture],
        validation: Sequence[CaptionedPicture],
        encoder: Encoder[CaptionedPicture],
        config: TrainingConfig,
    ) -> Mapping[str, Callable[[Sequence[CaptionedPicture]], Sequence[TextAnswer]]]:
        from evaluation.caption_baselines import captioning_baselines

        known = cast("CaptionEncoder", encoder)
        # A saved run's encoder looks at no pictures; its model does.
        if known.see is None and known.settings.side != SMALL_SIDE:
            known = known.seeing(self._features(config))

        def vectors(examples: Sequence[CaptionedPicture]) -> np.ndarray:
            return known.vectors([example.picture for example in examples])

        def judge(answers: Sequence[TextAnswer]) -> float:
            return self.score(encoder, validation, answers).values[self.headline]

        return captioning_baselines(train, validation, vectors, judge)

    def read_file(self, path: Path) -> list[CaptionedPicture]:
        from data.builders.flickr8k.layout import read_pictures

        return [CaptionedPicture(picture.read_bytes(), captions) for picture, captions in read_pictures(path)]

    def read_question(self, text: str, config: AnswerConfig) -> CaptionedPicture:
        from data.files import read_bytes
        from data.pictures import BadPicture, read_picture

        content = read_bytes(Path(text))
        try:
            read_picture(content)
        except BadPicture as error:
            raise UserError(f"{text}: {error}") from error
        return CaptionedPicture(content)


def _figure(example: CaptionedPicture, answer: TextAnswer) -> "Figure":
    from data.pictures import read_picture
    from evaluation.plots import caption_figure

    return caption_figure(read_picture(example.picture), example.captions, answer.text, answer.attended)


PICTURES_AT_ONCE = 50
MARKS = 4
"""Ids that are no words: padding, unknown, beginning and end."""

TASK = Caption()

if __name__ == "__main__":
    from train import run_train

    raise SystemExit(run_train(TASK.name))
