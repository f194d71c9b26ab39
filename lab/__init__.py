"""Experiments on what textbooks say about recurrent networks.

    python -m lab                        list the experiments
    python -m lab memory                 run one of them; called again, it continues with what is missing
    python -m lab all --quick            run all in their quick form, one minute each
    python -m lab overlay RUN RUN RUN    draw the gradients through time of several runs in one figure
    python -m lab.page memory            record the results of an experiment, and write docs/what-we-measured.md

Each experiment is one file: its conditions, what is measured under a condition, and how the results are drawn and
summed up. `experiment.py` holds what all of them do. No other package imports this one.
"""

from collections.abc import Mapping

EXPERIMENTS: Mapping[str, str] = {
    "backprop": "Numbers run forward through the steps; the gradient of a shared weight is summed over them, backward.",
    "shared_weights": "Sharing the weights saves computation, and finds patterns wherever they stand.",
    "dense_fixed_size": "A dense network needs a fixed size: padding costs computation, truncation loses words.",
    "convolution_range": "A convolution reaches only its neighborhood.",
    "order": "Without feedback the order of the words is lost.",
    "memory": "A simple recurrent network forgets after about ten steps; LSTM and GRU remember.",
    "vanishing": "The gradient vanishes over time, and that is why long lags are not learned.",
    "activations": "Sigmoid, tanh and ReLU saturate, ReLU units die, and its variants help.",
    "plateau": "Small gradients end a training early, as if the optimum were reached.",
    "lstm_gates": "The gates of an LSTM keep a long and a short memory.",
    "bottleneck": "One vector is too small for a long source; attention mends it.",
    "types": "One recurrent cell serves five kinds of use: one to one, one to many, many to one, and many to many.",
}
"""Name of an experiment -> the textbook's claim that it tests."""
