"""How long a training goes on."""

import pytest

from schema.configs import TrainingConfig
from training.fitting import fitted_patience


@pytest.mark.parametrize(
    ("config", "epochs", "patience"),
    [
        (TrainingConfig(), TrainingConfig.min_epochs, 3),
        # Ten times as many epochs are as many times shorter.
        (TrainingConfig(), 10 * TrainingConfig.min_epochs, 30),
        # Who chooses the number of epochs knows how long they are.
        (TrainingConfig(epochs=40), 40, 3),
    ],
)
def test_patience_counts_epochs_of_the_usual_length(config, epochs, patience):
    assert fitted_patience(config, epochs) == patience
