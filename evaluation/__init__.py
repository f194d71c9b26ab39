"""From predictions to what people read: scores and baselines by family, report, plots and statistics.

Modules are loaded on first use, as those of SciPy are, since many import scikit-learn, matplotlib or a scorer:

    import evaluation

    evaluation.caption_scores.caption_scores(examples, predictions, seen)
"""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evaluation import caption_baselines as caption_baselines
    from evaluation import caption_scores as caption_scores
    from evaluation import classification_baselines as classification_baselines
    from evaluation import classification_scores as classification_scores
    from evaluation import diagnostics_plots as diagnostics_plots
    from evaluation import plots as plots
    from evaluation import report as report
    from evaluation import state_plots as state_plots
    from evaluation import tagging_baselines as tagging_baselines
    from evaluation import tagging_scores as tagging_scores
    from evaluation import text_generation_baselines as text_generation_baselines
    from evaluation import text_generation_scores as text_generation_scores

_LAZY_MODULES = {
    "caption_baselines",
    "caption_scores",
    "classification_baselines",
    "classification_scores",
    "diagnostics_plots",
    "plots",
    "report",
    "state_plots",
    "tagging_baselines",
    "tagging_scores",
    "text_generation_baselines",
    "text_generation_scores",
}


def __getattr__(name: str) -> ModuleType:
    if name not in _LAZY_MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
