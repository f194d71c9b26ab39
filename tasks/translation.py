"""What does a sentence say in another language? Many to many, out of step, on Multi30k (Elliott et al. 2016).

python train.py translation
python train.py translation --languages en-fr --cell gru
python train.py translation --attention none
python train.py translation --train-file pairs.tsv
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from data import synthetic
from data.readers.datasets import SYNTHETIC, RawSplits, load_translations, synthetic_examples
from schema.configs import TrainingConfig
from schema.examples import TextPair
from schema.predictions import Predictor, TextPrediction
from schema.records import PublishedResult
from schema.scores import Scores
from tasks.task import Encoder
from tasks.text_generation import TextGeneration, TextGenerationConfig

Languages = Literal["en-de", "de-en", "en-fr", "fr-en"]


@dataclass(frozen=True)
class TranslationConfig(TextGenerationConfig):
    """Train a recurrent network to translate."""

    languages: Languages = "en-de"
    """From which language into which; of your own files, what they hold."""


class Translation(TextGeneration):
    """Cased texts as people write them, in and out."""

    name = "translation"
    summary = "what does a sentence say in another language?"
    primary_metric = "bleu"
    datasets = ("multi30k", SYNTHETIC)
    config_class = TranslationConfig
    published_results = {
        "multi30k:1.0.0:en-de": (
            PublishedResult(
                "GRU with attention, one model", {"bleu_lc_tok": 39.00}, "Caglayan et al. 2017, text alone"
            ),
            PublishedResult("tiny Transformer", {"bleu_lc_tok": 41.02}, "Wu et al. 2021, text alone"),
        ),
        "multi30k:1.0.0:en-fr": (
            PublishedResult(
                "GRU with attention, one model", {"bleu_lc_tok": 59.02}, "Caglayan et al. 2017, text alone"
            ),
        ),
    }

    def load(self, dataset: str, config: TrainingConfig) -> RawSplits[TextPair]:
        assert isinstance(config, TranslationConfig)
        return (
            synthetic_examples(synthetic.translation) if dataset == SYNTHETIC else load_translations(config.languages)
        )

    def language(self, config: TrainingConfig) -> str:
        assert isinstance(config, TranslationConfig)
        return config.languages.split("-")[1]

    def baseline_cache_key(self, config: TrainingConfig) -> object:
        # The tokens of a score differ from language to language.
        return self.language(config)

    def score(
        self, encoder: Encoder[TextPair], examples: Sequence[TextPair], answers: Sequence[TextPrediction]
    ) -> Scores:
        from data.encoders.pair import PairEncoder
        from evaluation.text_generation_scores import translation_scores

        return translation_scores(examples, answers, cast(PairEncoder, encoder).settings.language)

    def fit_baselines(
        self,
        train: Sequence[TextPair],
        validation: Sequence[TextPair],
        encoder: Encoder[TextPair],
        config: TrainingConfig,
    ) -> Mapping[str, Predictor[TextPair, TextPrediction]]:
        from evaluation.text_generation_baselines import fit_translation_baselines

        return fit_translation_baselines(train)


TASK = Translation()

if __name__ == "__main__":
    from train import run_train

    raise SystemExit(run_train(TASK.name))
