"""What tasks that answer with one class share."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np

from schema.answers import LabelAnswer
from schema.configs import AnswerConfig, TrainingConfig
from schema.encoded import Encoded
from schema.examples import LabelledText
from schema.scores import Sample, Scores
from tasks.task import ANSWER_TOKENS, Encoder, Task

if TYPE_CHECKING:
    import keras


class LabelEncoder(Encoder[LabelledText], Protocol):
    """An encoder that knows the classes, in the order of the model's outputs."""

    labels: Sequence[str]


class Classification(Task[LabelledText, LabelAnswer]):
    """A text, or a single word, in; a class with its probability out. Models of the family give logits."""

    headline = "accuracy"

    def identity(self, example: LabelledText) -> str:
        return example.text

    def loss(self, config: TrainingConfig) -> "keras.losses.Loss":
        import keras

        return keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="mean_with_sample_weight")

    def answer(
        self,
        model: "keras.Model",
        encoder: Encoder[LabelledText],
        encoded: Encoded,
        config: AnswerConfig,
    ) -> list[LabelAnswer]:
        from scipy.special import softmax

        from data.batches import predict

        labels = cast("LabelEncoder", encoder).labels
        logits = np.stack(predict(model.predict_on_batch, encoded, ANSWER_TOKENS)).astype(np.float64)
        return [
            LabelAnswer(labels[row.argmax()], dict(zip(labels, row.tolist(), strict=True)))
            for row in softmax(logits, axis=1)
        ]

    def score(
        self, encoder: Encoder[LabelledText], examples: Sequence[LabelledText], answers: Sequence[LabelAnswer]
    ) -> Scores:
        from evaluation.scores import classification

        references = [example.label or "" for example in examples]
        lengths = [len(example.text.split()) for example in examples]
        return classification(references, answers, lengths, cast("LabelEncoder", encoder).labels)

    def describe(self, example: LabelledText, answer: LabelAnswer) -> Sample:
        reference = example.label or ""
        return Sample(
            example.text,
            reference,
            self.render(example, answer, self.PredictConfig()),
            answer.probabilities.get(reference, 0.0),
        )

    def read_file(self, path: Path) -> list[LabelledText]:
        from data.files import read_labelled_texts

        return read_labelled_texts(path)

    def read_question(self, text: str, config: AnswerConfig) -> LabelledText:
        return LabelledText(text)

    def render(self, example: LabelledText, answer: LabelAnswer, config: AnswerConfig) -> str:
        return f"{answer.label} ({100 * answer.probability:.1f} %)"

    def as_json(self, example: LabelledText, answer: LabelAnswer) -> Mapping[str, object]:
        return {"label": answer.label, "probability": answer.probability, "probabilities": dict(answer.probabilities)}
