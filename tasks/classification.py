"""Base class of the tasks that predict one class."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np

import evaluation
from data.batches import predict_in_batches
from data.readers.datasets import RawSplits
from data.readers.text_files import read_labelled_texts
from schema.configs import DecodingConfig, LabelledTextFlags
from schema.encoded import EncodedDataset
from schema.errors import UserError
from schema.examples import LabelledText
from schema.file_format import FileFormat
from schema.predictions import LabelPrediction
from schema.scores import ScoredExample, Scores, SeenInTraining
from tasks.task import PREDICT_BATCH_TOKENS, ConfigT, Encoder, Task

if TYPE_CHECKING:
    import keras


class LabelEncoder(Encoder[LabelledText], Protocol):
    """An encoder with the classes in the order of the model's outputs."""

    @property
    def labels(self) -> tuple[str, ...]: ...


MIN_LABELS = 6
"""Number of different labels from which labels that do not repeat are refused; a tiny file may have a few."""
MAX_SHOWN = 40
"""Number of characters of a label that an error message shows."""

LabelEncoderT = TypeVar("LabelEncoderT", bound=LabelEncoder)


class Classification(Task[LabelledText, LabelPrediction, LabelEncoderT, ConfigT, DecodingConfig]):
    """Predicts the class of a text or of a single word, with its probability. The models output logits."""

    primary_metric = "accuracy"
    predict_config_class = DecodingConfig
    file_flags_class = LabelledTextFlags

    def loss(self, config: ConfigT) -> "keras.losses.Loss":
        import keras

        return keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight")

    def predict(
        self, model: "keras.Model", encoder: LabelEncoderT, encoded: EncodedDataset, config: DecodingConfig
    ) -> list[LabelPrediction]:
        from scipy.special import softmax

        labels = encoder.labels
        logits = np.stack(predict_in_batches(model.predict_on_batch, encoded, PREDICT_BATCH_TOKENS)).astype(np.float64)
        return [
            LabelPrediction(labels[row.argmax()], dict(zip(labels, row.tolist(), strict=True)))
            for row in softmax(logits, axis=1)
        ]

    def scores(
        self, examples: Sequence[LabelledText], predictions: Sequence[LabelPrediction], seen: SeenInTraining
    ) -> Scores:
        return evaluation.classification_scores.classification_scores(examples, predictions, seen)

    def to_scored_example(self, example: LabelledText, prediction: LabelPrediction) -> ScoredExample:
        reference = example.label or ""
        return ScoredExample(
            example.text,
            reference,
            self.format_prediction(example, prediction, DecodingConfig()),
            prediction.probabilities.get(reference, 0.0),
        )

    def load_files(self, train_file: Path, config: ConfigT) -> RawSplits[LabelledText]:
        raw = super().load_files(train_file, config)
        require_repeated_labels(raw.train, train_file)
        return raw

    def read_file(self, path: Path, file_format: FileFormat) -> list[LabelledText]:
        return read_labelled_texts(path, file_format)

    def parse_input(self, text: str, config: DecodingConfig) -> LabelledText:
        return LabelledText(text)

    def format_prediction(self, example: LabelledText, prediction: LabelPrediction, config: DecodingConfig) -> str:
        return f"{prediction.label} ({100 * prediction.probability:.1f} %)"

    def to_json(self, example: LabelledText, prediction: LabelPrediction) -> Mapping[str, object]:
        return {
            "label": prediction.label,
            "probability": prediction.probability,
            "probabilities": dict(prediction.probabilities),
        }


def require_repeated_labels(train: Sequence[LabelledText], path: Path) -> None:
    """Raise UserError if most examples have a label of their own, or if there are more labels than texts.

    Nothing can be learned from such labels. Mostly they are the texts, before which the label stands in the file.
    """
    counts = Counter(example.label for example in train)
    texts = {example.text for example in train}
    single = sum(count == 1 for count in counts.values())
    if len(counts) >= MIN_LABELS and (2 * single > len(train) or len(counts) > len(texts)):
        label = train[0].label or ""
        shown = label if len(label) <= MAX_SHOWN else f"{label[:MAX_SHOWN]}..."
        raise UserError(
            f"{path}: {len(train)} examples have {len(counts)} different labels, such as {shown!r}.\n"
            "If the label stands before the text, use --text-column 2 --label-column 1"
        )
