"""What does a sentence say in another language? Many to many, asynchronous, on Multi30k (Elliott et al. 2016).

python train.py translation
python train.py translation --languages en-fr --cell gru
python train.py translation --attention none
python train.py translation --train-file pairs.tsv
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import evaluation
from data import synthetic
from data.encoders.pair import PairEncoder
from data.readers.datasets import SYNTHETIC, RawSplits, load_translations, synthetic_examples
from schema.examples import Splits, TextPair
from schema.predictions import Predictor, Remember, TextPrediction
from schema.records import PublishedResult
from schema.scores import Scores, SeenInTraining
from tasks.generation import GenerationPredictConfig
from tasks.text_generation import TextGeneration, TextGenerationConfig

Languages = Literal["en-de", "de-en", "en-fr", "fr-en"]


@dataclass(frozen=True)
class TranslationConfig(TextGenerationConfig):
    """Train a recurrent network for translation."""

    languages: Languages = "en-de"
    """Source and target language, also of your own files."""


class Translation(TextGeneration[TranslationConfig, GenerationPredictConfig]):
    """Cased, untokenized text on both sides."""

    name = "translation"
    summary = "What does a sentence say in another language?"
    primary_metric = "bleu"
    datasets = ("multi30k", SYNTHETIC)
    config_class = TranslationConfig
    predict_config_class = GenerationPredictConfig
    published_results = {
        "multi30k:1.0.0:en-de": (
            PublishedResult("GRU with attention, one model", {"bleu_lc_tok": 39.00}, "Caglayan et al. 2017, text only"),
            PublishedResult("tiny Transformer", {"bleu_lc_tok": 41.02}, "Wu et al. 2021, text only"),
        ),
        "multi30k:1.0.0:en-fr": (
            PublishedResult("GRU with attention, one model", {"bleu_lc_tok": 59.02}, "Caglayan et al. 2017, text only"),
        ),
    }

    def load(self, dataset: str, config: TranslationConfig) -> RawSplits[TextPair]:
        if dataset == SYNTHETIC:
            return synthetic_examples(synthetic.translation)
        return load_translations(config.languages)

    def target_language(self, config: TranslationConfig) -> str:
        return config.languages.split("-")[1]

    def baseline_cache_key(self, config: TranslationConfig) -> object:
        # The tokenization of a score depends on the language.
        return self.target_language(config)

    def scores(
        self, examples: Sequence[TextPair], predictions: Sequence[TextPrediction], seen: SeenInTraining
    ) -> Scores:
        return evaluation.text_generation_scores.translation_scores(examples, predictions, seen)

    def fit_baselines(
        self, splits: Splits[TextPair], encoder: PairEncoder, config: TranslationConfig, remember: Remember
    ) -> Mapping[str, Predictor[TextPair, TextPrediction]]:
        return evaluation.text_generation_baselines.fit_translation_baselines(splits.train)


TASK = Translation()

if __name__ == "__main__":
    from train import run_train

    run_train(TASK.name)
