"""No description of a model gets to Keras that names anything but the classes of our own models."""

import base64
import json
import marshal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from schema.errors import RunError
from tests.security.model_files import Json, described
from training.model_archive import check_archive

ROOT = Path(__file__).parents[2]


def function(module: str, name: str) -> Json:
    """A function by its name, as Keras writes one."""
    return {"class_name": "function", "module": module, "config": name, "registered_name": name}


def marshaled(source: str) -> str:
    return base64.b64encode(marshal.dumps(compile(source, "<case>", "eval"))).decode()


LAMBDA_CODE = {"class_name": "__lambda__", "config": {"value": marshaled("lambda x: x"), "defaults": None}}

ATTACKS: dict[str, Json] = {
    # CVE-2024-3660: a lambda with code in the file.
    "a lambda with code": described("keras.layers", "Lambda", {"name": "x", "function": LAMBDA_CODE}),
    "code in place of a value": LAMBDA_CODE,
    # A lambda that names a public function, which safe mode lets through; CVE-2025-8747 names downloads.
    "a lambda that names a layer": described(
        "keras.layers", "Lambda", {"name": "x", "function": function("keras.layers", "TFSMLayer")}
    ),
    "a lambda that names a download": described(
        "keras.layers",
        "Lambda",
        {"name": "x", "function": function("keras.utils", "get_file"), "arguments": {"origin": "http://192.0.2.1/"}},
    ),
    # CVE-2025-12060: a download that unpacks outside of its folder.
    "a download that unpacks": function("keras.utils", "get_file"),
    "a function that plots": function("keras.visualization", "plot_image_gallery"),
    "an editor of files": described("keras.saving", "KerasFileEditor", {"filepath": "OUTSIDE"}),
    # CVE-2025-1550: a class of any module.
    "a shell": described("os", "system", {"command": "touch OUTSIDE"}),
    "a process": described("subprocess", "Popen", {"args": ["touch", "OUTSIDE"]}),
    "a function of Python": function("builtins", "exec"),
    "a class of Python": described("builtins", "open", {"file": "OUTSIDE", "mode": "w"}),
    # CVE-2025-9906: a description that turns safe mode off.
    "safe mode turned off": function("keras.config", "enable_unsafe_deserialization"),
    # CVE-2026-1462: a SavedModel, whose start-up may write files.
    "a SavedModel": described("keras.layers", "TFSMLayer", {"filepath": "OUTSIDE", "call_endpoint": "serve"}),
    # CVE-2025-12058: a vocabulary that is read from a path or an address.
    "a vocabulary from a path": described("keras.layers", "StringLookup", {"vocabulary": "OUTSIDE"}),
    "a text vectorization": described("keras.layers", "TextVectorization", {"vocabulary": "OUTSIDE"}),
    "a layer of a framework": described("keras.layers", "TorchModuleWrapper", {"module": "OUTSIDE"}),
    "a function of TensorFlow": function("tensorflow.io", "write_file"),
    "a class without a module": {"class_name": "Lambda", "config": {"name": "x"}},
    "a class of ours under another module": {
        **described("os", "PaddingMask", {}),
        "registered_name": "unrolled>PaddingMask",
    },
    "a registered name of another package": {
        **described("keras.layers", "Dense", {"units": 2}),
        "registered_name": "other>Dense",
    },
}


def _layer(model: Json) -> Json:
    return model["config"]["layers"][1]


def in_config(key: str) -> Callable[[Json, Json], None]:
    def place(model: Json, attack: Json) -> None:
        _layer(model)["config"][key] = attack

    return place


def as_layer(model: Json, attack: Json) -> None:
    model["config"]["layers"][1] = {**_layer(model), **attack}


def as_further_layer(model: Json, attack: Json) -> None:
    model["config"]["layers"].append({**attack, "name": "x", "inbound_nodes": []})


def as_argument(model: Json, attack: Json) -> None:
    _layer(model)["inbound_nodes"][0]["args"].append(attack)


def as_keyword(model: Json, attack: Json) -> None:
    _layer(model)["inbound_nodes"][0]["kwargs"]["mask"] = attack


def as_shape(model: Json, attack: Json) -> None:
    _layer(model)["build_config"]["input_shape"] = attack


def as_metric(model: Json, attack: Json) -> None:
    model["compile_config"]["metrics"] = [attack]


def as_loss(model: Json, attack: Json) -> None:
    model["compile_config"]["loss"] = attack


def as_model(model: Json, attack: Json) -> None:
    model.update(attack)


def deep_inside(model: Json, attack: Json) -> None:
    _layer(model)["config"]["more"] = {"and": [{"more": [attack]}]}


PLACES: dict[str, Callable[[Json, Json], None]] = {
    "layer": as_layer,
    "further layer": as_further_layer,
    "activation": in_config("activation"),
    "initializer": in_config("kernel_initializer"),
    "regularizer": in_config("kernel_regularizer"),
    "constraint": in_config("bias_constraint"),
    "data type": in_config("dtype"),
    "argument": as_argument,
    "keyword": as_keyword,
    "shape": as_shape,
    "metric": as_metric,
    "loss": as_loss,
    "custom objects": in_config("custom_objects"),
    "whole model": as_model,
    "deep inside": deep_inside,
}


def refusal(path: Path) -> str:
    with pytest.raises(RunError) as error:
        check_archive(path)
    message = str(error.value)
    assert "\n" not in message
    assert message.startswith(f"{path} is damaged (")
    return message


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_no_other_class_or_function_gets_to_keras(
    place: Callable[[Json, Json], None], attack: Json, description: Json, archive: Callable[..., Path], canary: Path
) -> None:
    place(description, json.loads(json.dumps(attack).replace("OUTSIDE", str(canary))))
    assert "is not a class of our models" in refusal(archive({"config.json": json.dumps(description)}))


@pytest.mark.parametrize("key", ["activation", "kernel_initializer", "kernel_regularizer", "bias_constraint"])
@pytest.mark.parametrize("name", ["TFSMLayer", "keras>get_file", "unrolled>Other", "os.system"])
def test_names_in_place_of_descriptions_are_those_of_a_list(
    key: str, name: str, description: Json, archive: Callable[..., Path], canary: Path
) -> None:
    _layer(description)["config"][key] = name
    assert f"{name} is not an " in refusal(archive({"config.json": json.dumps(description)}))


def test_the_valid_model_passes_without_keras_and_is_loaded_by_it(archive: Callable[..., Path]) -> None:
    program = (
        "import sys; from pathlib import Path; from training.model_archive import check_archive; "
        "check_archive(Path(sys.argv[1])); assert 'keras' not in sys.modules and 'tensorflow' not in sys.modules; "
        "from training.run_folder import RunFolder; model = RunFolder(Path(sys.argv[1]).parent).load_model(); "
        "print(model.count_params())"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(archive())], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ended.stdout.split() == ["8"], ended.stderr


@pytest.mark.parametrize(
    "content",
    ["", "[", "null", "3", '"text"', "[]", "{}", '{"class_name": "Functional"}', "[" * 100_000, '{"a":' * 5_000 + "1"],
    ids=range(10),
)
def test_descriptions_that_are_none_are_one_line(content: str, archive: Callable[..., Path]) -> None:
    refusal(archive({"config.json": content}))


def wide(model: Json) -> None:
    _layer(model)["config"]["units"] = 40_000
    _layer(model)["build_config"] = {"input_shape": [None, 40_000]}


def beyond_64_bits(model: Json) -> None:
    _layer(model)["config"]["units"] = 10**30


def without_shape(model: Json) -> None:
    del _layer(model)["build_config"]


def many_layers(model: Json) -> None:
    model["config"]["layers"] *= 20_000


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (wide, "needs about"),
        (beyond_64_bits, "needs about"),
        (without_shape, "no build_config"),
        (many_layers, "too large"),
    ],
)
def test_descriptions_that_would_fill_the_memory_are_refused(
    change: Callable[[Json], None], reason: str, description: Json, archive: Callable[..., Path]
) -> None:
    change(description)
    assert reason in refusal(archive({"config.json": json.dumps(description)}))
