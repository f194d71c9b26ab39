"""A small valid `model.keras`, written by hand without Keras, that each case spoils in one place."""

import io
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np

Json = dict[str, Any]

_POLICY: Json = {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}, "registered_name": None}


def described(module: str, class_name: str, config: Json, **more: Any) -> Json:
    return {"module": module, "class_name": class_name, "config": config, "registered_name": None, **more}


def _tensor(layer: str, shape: list[int | None]) -> Json:
    config = {"shape": shape, "dtype": "float32", "keras_history": [layer, 0, 0]}
    return {"class_name": "__keras_tensor__", "config": config}


def _dense() -> Json:
    config = {
        "name": "logits",
        "trainable": True,
        "dtype": _POLICY,
        "units": 2,
        "activation": "linear",
        "use_bias": True,
        "kernel_initializer": described("keras.initializers", "GlorotUniform", {"seed": None}),
        "bias_initializer": described("keras.initializers", "Zeros", {}),
        "kernel_regularizer": None,
        "bias_regularizer": None,
        "kernel_constraint": None,
        "bias_constraint": None,
    }
    nodes = [{"args": [_tensor("forms", [None, 3])], "kwargs": {}}]
    build = {"input_shape": [None, 3]}
    return described("keras.layers", "Dense", config, build_config=build, name="logits", inbound_nodes=nodes)


def valid_description() -> Json:
    """A model with one dense layer from three features to two classes."""
    given = {"batch_shape": [None, 3], "dtype": "float32", "sparse": False, "name": "forms"}
    layers = [described("keras.layers", "InputLayer", given, name="forms", inbound_nodes=[]), _dense()]
    config = {
        "name": "classifier",
        "trainable": True,
        "layers": layers,
        "input_layers": [["forms", 0, 0]],
        "output_layers": [["logits", 0, 0]],
    }
    model = described("keras.src.models.functional", "Functional", config, build_config={"input_shape": [None, 3]})
    return {**model, "registered_name": "Functional", "compile_config": {"loss": "mse", "optimizer": None}}


def valid_weights(spoil: Callable[[h5py.File], object] = lambda file: None) -> bytes:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["layers/dense/vars/0"] = np.ones((3, 2), np.float32)
        file["layers/dense/vars/1"] = np.zeros(2, np.float32)
        file.create_group("layers/input_layer/vars")
        spoil(file)
    return content.getvalue()
