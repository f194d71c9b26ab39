# ruff: noqa: F401
"""Keras layers and models; no files, no data sets.

    import models

    model = models.build_tagger(models.TaggerSettings(...))

Each name is imported from its module when it is first used, since all these modules import Keras and TensorFlow.
"""

from importlib import import_module
from os import PathLike
from pkgutil import iter_modules
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import keras

    from models.attention import MASKED_LOGIT
    from models.beam_search import BeamSearch, SearchConfig
    from models.captioner import (
        CaptionerSettings,
        FrozenImageEncoder,
        build_captioner,
        fit_normalization,
        image_spec,
        incremental_captioner,
    )
    from models.classifier import ClassifierSettings, build_classifier
    from models.crf import CRFLoss
    from models.decoder import DecoderSettings, SmoothedCrossEntropy
    from models.incremental import IncrementalDecoder, attention_weights
    from models.seq2seq import Seq2SeqSettings, build_seq2seq, incremental_seq2seq, source_embedding
    from models.tagger import TaggerSettings, build_tagger, make_predictor, transition_scores
    from models.word_classifier import WordClassifierSettings, build_word_classifier

_NAMES = {
    "attention": ("MASKED_LOGIT",),
    "beam_search": ("BeamSearch", "SearchConfig"),
    "captioner": (
        "CaptionerSettings",
        "FrozenImageEncoder",
        "build_captioner",
        "fit_normalization",
        "image_spec",
        "incremental_captioner",
    ),
    "classifier": ("ClassifierSettings", "build_classifier"),
    "crf": ("CRFLoss",),
    "decoder": ("DecoderSettings", "SmoothedCrossEntropy"),
    "incremental": ("IncrementalDecoder", "attention_weights"),
    "seq2seq": ("Seq2SeqSettings", "build_seq2seq", "incremental_seq2seq", "source_embedding"),
    "tagger": ("TaggerSettings", "build_tagger", "make_predictor", "transition_scores"),
    "word_classifier": ("WordClassifierSettings", "build_word_classifier"),
}
_MODULES = {name: f"models.{module}" for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a name of `_NAMES` from its module (PEP 562)."""
    if name not in _MODULES:
        raise AttributeError(f"module 'models' has no attribute {name!r}")
    value = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def register_layers() -> None:
    """Import every module, each of which registers its layers with Keras: needed to load a saved model."""
    for module in iter_modules(__path__):
        import_module(f"models.{module.name}")


def load_model(path: "str | PathLike[str]") -> "keras.Model":
    """Load the `model.keras` of a run, for prediction.

    The file is not checked: `training.run_folder` does that for files from others. Raises what Keras raises.
    """
    import keras

    register_layers()
    return keras.saving.load_model(path, compile=False, safe_mode=True)
