"""What tasks that answer with one class share."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from schema.configs import DecodingConfig, TrainingConfig
from schema.encoded import EncodedDataset
from schema.examples import LabelledText
from schema.predictions import LabelPrediction
from schema.scores import ScoredExample, Scores
from tasks.task import PREDICT_BATCH_TOKENS, Encoder, Task

if TYPE_CHECKING:
    import keras


class LabelEncoder(Encoder[LabelledText], Protocol):
    """An encoder that knows the classes, in the order of the model's outputs."""

    labels: Sequence[str]


class Classification(Task[LabelledText, LabelPrediction]):
    """A text, or a single word, in; a class with its probability out. Models of the family give logits."""

    primary_metric = "accuracy"

    def loss(self, config: TrainingConfig) -> "keras.losses.Loss":
        import keras

        return keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight")

    def predict(
        self,
        model: "keras.Model",
        encoder: Encoder[LabelledText],
        encoded: EncodedDataset,
        config: DecodingConfig,
    ) -> list[LabelPrediction]:
        from scipy.special import softmax

        from data.batches import predict_in_batches

        labels = cast("LabelEncoder", encoder).labels
        logits = np.stack(predict_in_batches(model.predict_on_batch, encoded, PREDICT_BATCH_TOKENS)).astype(np.float64)
        return [
            LabelPrediction(labels[row.argmax()], dict(zip(labels, row.tolist(), strict=True)))
            for row in softmax(logits, axis=1)
        ]

    def score(
        self, encoder: Encoder[LabelledText], examples: Sequence[LabelledText], answers: Sequence[LabelPrediction]
    ) -> Scores:
        from evaluation.classification_scores import classification_scores

        references = [example.label or "" for example in examples]
        lengths = [len(example.text.split()) for example in examples]
        return classification_scores(references, answers, lengths, cast("LabelEncoder", encoder).labels)

    def to_scored_example(self, example: LabelledText, answer: LabelPrediction) -> ScoredExample:
        reference = example.label or ""
        return ScoredExample(
            example.text,
            reference,
            self.format_prediction(example, answer, self.predict_config_class()),
            answer.probabilities.get(reference, 0.0),
        )

    def read_file(self, path: Path) -> list[LabelledText]:
        from data.readers.files import read_labelled_texts

        return read_labelled_texts(path)

    def parse_input(self, text: str, config: DecodingConfig) -> LabelledText:
        return LabelledText(text)

    def format_prediction(self, example: LabelledText, answer: LabelPrediction, config: DecodingConfig) -> str:
        return f"{answer.label} ({100 * answer.probability:.1f} %)"

    def to_json(self, example: LabelledText, answer: LabelPrediction) -> Mapping[str, object]:
        return {"label": answer.label, "probability": answer.probability, "probabilities": dict(answer.probabilities)}
