"""Check of `model.keras` before Keras reads it: archive, description and weights.

Keras's safe mode stops lambdas and a list of known names, but a description may still name any public function of
Keras, which is then called with arguments of the file's choice. The description is therefore compared with a closed
list: the classes from which the builders in `models/` make their models. It may name nothing else. Sizes are bounded
before memory is allocated. Neither Keras nor TensorFlow is imported.
"""

import json
import math
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schema.errors import RunError

if TYPE_CHECKING:
    import h5py

DESCRIPTION, WEIGHTS = "config.json", "model.weights.h5"
MEMBERS = {"metadata.json", DESCRIPTION, WEIGHTS}
MAX_DESCRIPTION_BYTES = 16 * 2**20
MAX_DEPTH = 60
"""Maximum nesting of the description and of the groups of the weights."""
MAX_OBJECTS = 100_000
"""Maximum number of groups and arrays in the file of the weights."""
ALLOWANCE = 1_000_000
"""Number of weights that a description may imply beyond those of the file."""

_KERAS: Mapping[str, tuple[str, ...]] = {
    "keras": ("DTypePolicy",),
    "keras.initializers": ("GlorotUniform", "Ones", "Orthogonal", "RandomNormal", "RandomUniform", "Zeros"),
    "keras.layers": (
        "Add",
        "BatchNormalization",
        "Bidirectional",
        "Concatenate",
        "Conv2D",
        "Dense",
        "DepthwiseConv2D",
        "Dropout",
        "Embedding",
        "GRU",
        "GlobalAveragePooling1D",
        "InputLayer",
        "LSTM",
        "Normalization",
        "ReLU",
        "Rescaling",
        "Reshape",
        "SimpleRNN",
        "SpatialDropout1D",
        "ZeroPadding2D",
    ),
    "keras.losses": ("SparseCategoricalCrossentropy",),
}
_KERAS_INTERNAL: Mapping[str, tuple[str, ...]] = {
    "keras.src.models.functional": ("Functional",),
    "keras.src.ops.numpy": ("Concatenate", "GetItem"),
}
_OURS: Mapping[str, tuple[str, ...]] = {
    "models.attention": ("Attention",),
    "models.captioner": ("FrozenImageEncoder", "FullMask"),
    "models.cells": ("ForgetGateBias",),
    "models.chunks": ("JoinChunks", "LastOfChunks", "SplitIntoChunks"),
    "models.classifier": ("FixedScale", "LinearModelLogits"),
    "models.crf": ("CRF", "CRFLoss"),
    "models.decoder": ("RepeatContext", "SmoothedCrossEntropy", "TiedEmbedding"),
    "models.pointer": ("CoverageLoss", "Pointer"),
    "models.pooling": ("MaskedPooling",),
    "models.token_layers": ("PaddingMask", "WordDropout"),
    "models.word_features": ("CharRNN", "EmbeddingBag"),
    "training.optimizer": ("AdamWithGradientNorm",),
}
Identity = tuple[str | None, str, str | None]
"""Module, class name and registered name, as Keras writes them."""
ALLOWED: frozenset[Identity] = frozenset(
    [
        *((module, name, None) for module, names in _KERAS.items() for name in names),
        *((module, name, name) for module, names in _KERAS_INTERNAL.items() for name in names),
        *((module, name, f"unrolled>{name}") for module, names in _OURS.items() for name in names),
        # Tensors and slices in the arguments of a layer.
        (None, "__keras_tensor__", None),
        (None, "__slice__", None),
    ]
)
ALLOWED_STRINGS: Mapping[str, frozenset[str]] = {
    "activation": frozenset({"linear", "relu", "sigmoid", "softmax", "tanh"}),
    "initializer": frozenset(),
    "regularizer": frozenset(),
    "constraint": frozenset(),
}
"""Names that may stand in place of a description, by the end of the key."""
_WITH_WEIGHTS = frozenset(
    [
        "Attention",
        "BatchNormalization",
        "Bidirectional",
        "CRF",
        "CharRNN",
        "Conv2D",
        "Dense",
        "DepthwiseConv2D",
        "Embedding",
        "EmbeddingBag",
        "GRU",
        "LSTM",
        "LinearModelLogits",
        "MaskedPooling",
        "Normalization",
        "Pointer",
        "SimpleRNN",
        "TiedEmbedding",
    ]
)


def check_archive(path: Path) -> None:
    """Raise RunError unless `path` is a model that the builders in `models/` may have made."""
    try:
        with zipfile.ZipFile(path) as archive:
            _check_members(archive, path.stat().st_size)
            description = json.loads(archive.read(DESCRIPTION))
            implied = _check_description(description)
            with archive.open(WEIGHTS) as file:
                stored = _check_weights(file, archive.getinfo(WEIGHTS).file_size)
        if implied > stored + ALLOWANCE:
            raise ValueError(f"its description needs about {implied:,} weights, it has {stored:,}")
    except (ValueError, TypeError, KeyError, OSError, RuntimeError, RecursionError, zipfile.BadZipFile) as error:
        raise RunError(f"{path} is damaged ({_first_line(error)}); train the run again") from error


def _first_line(error: Exception) -> str:
    return ascii(str(error).strip().partition("\n")[0])[1:-1][:200] or type(error).__name__


def _check_members(archive: zipfile.ZipFile, size: int) -> None:
    members = archive.infolist()
    if sorted(member.filename for member in members) != sorted(MEMBERS):
        raise ValueError("it does not hold the files of a Keras model and nothing else")
    for member in members:
        if member.compress_type != zipfile.ZIP_STORED or member.flag_bits & 1:
            raise ValueError(f"{member.filename} is compressed or encrypted")
        if member.file_size > (size if member.filename == WEIGHTS else MAX_DESCRIPTION_BYTES):
            raise ValueError(f"{member.filename} is too large")


def _check_description(description: object) -> int:
    """Check all parts of a description; return about how many weights its layers need, as a lower bound."""
    implied = 0
    for part, depth in _parts(description, 0):
        if depth > MAX_DEPTH:
            raise ValueError("its description is nested too deeply")
        if isinstance(part, Mapping):
            _check_names(part)
            implied += _implied_weights(part)
    if not isinstance(description, Mapping) or description.get("class_name") != "Functional":
        raise ValueError("its description is not one of a functional model")
    return implied


def _parts(value: object, depth: int) -> Iterator[tuple[object, int]]:
    """All values inside a JSON value, with their depth."""
    rest = [(value, depth)]
    while rest:
        part, depth = rest.pop()
        yield part, depth
        inner = part.values() if isinstance(part, Mapping) else part if isinstance(part, list) else ()
        rest += [(each, depth + 1) for each in inner]


def _check_names(part: Mapping[str, Any]) -> None:
    """Refuse a class, function or name that is not in the closed list."""
    if "class_name" in part or "module" in part or "registered_name" in part:
        identity = (part.get("module"), part.get("class_name"), part.get("registered_name"))
        if identity not in ALLOWED:
            raise ValueError(f"{identity[0]}.{identity[1]} is not a class of our models")
    for key, value in part.items():
        for ending, names in ALLOWED_STRINGS.items():
            if key.endswith(ending) and isinstance(value, str) and value not in names:
                raise ValueError(f"{value} is not an {ending} of our models")


def _implied_weights(part: Mapping[str, Any]) -> int:
    """Product of the two largest numbers of a layer with weights, at least an eighth of their number.

    The shapes from which Keras builds a layer have to be in its description: otherwise they follow from other layers.
    """
    if part.get("class_name") not in _WITH_WEIGHTS:
        return 0
    if not isinstance(part.get("build_config"), Mapping):
        raise ValueError(f"a {part.get('class_name')} has no build_config")
    numbers = sorted(_integers([_own(part.get("config")), part.get("build_config")]))[-2:]
    return numbers[0] * numbers[1] if len(numbers) == 2 else 0


def _own(config: object) -> object:
    """A layer's config without the layers inside."""
    if not isinstance(config, Mapping):
        return config
    return {key: value for key, value in config.items() if not isinstance(value, Mapping) and key != "layers"}


def _integers(value: object) -> Iterator[int]:
    for part, _ in _parts(value, 0):
        if isinstance(part, int) and not isinstance(part, bool):
            yield abs(part)


def _check_weights(file: Any, size: int) -> int:
    """Check the HDF5 file of the weights; return the number of its weights.

    Refused are links to other files or names, arrays outside of the file or made from other arrays, compressed arrays,
    and elements that are not numbers.
    """
    import h5py

    with h5py.File(file, "r") as weights:
        stored, rest = 0, [(weights["/"], 0)]
        for _ in range(MAX_OBJECTS):
            if not rest:
                return stored
            group, depth = rest.pop()
            if depth > MAX_DEPTH:
                raise ValueError(f"{WEIGHTS} is nested too deeply")
            for name in group:
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise ValueError(f"{WEIGHTS} holds a link")
                member = group[name]
                if isinstance(member, h5py.Group):
                    rest.append((member, depth + 1))
                else:
                    stored += _check_array(member, size)
    raise ValueError(f"{WEIGHTS} holds too many parts")


def _check_array(array: "h5py.Dataset", size: int) -> int:
    # Not `array.size`, which wraps around at 2**63.
    count = math.prod(array.shape)
    plain = array.dtype.kind in "biuf" and not (array.is_virtual or array.external or array.chunks)
    if not plain or count * array.dtype.itemsize > size:
        raise ValueError(f"{WEIGHTS} holds an array that is not stored as plain numbers in the file")
    return count
