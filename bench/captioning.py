"""Captions: images per second through the image encoder, waiting for features in training, and captions per second."""

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

import models
from bench.decoding import BEAM_SIZE, Speeds, greedy_predict_loop, measure_decoding
from bench.measurement import BenchFlags, Measurement, Report, ResultTable
from bench.processes import temporary_folder
from bench.recipes import compiled, unpadded_rows
from console.quiet import start_tensorflow
from data.batches import Batches
from data.encoders.caption import CaptionEncoder
from data.encoders.image_features import BATCH, ImageFeatures, imagenet_encoder
from data.readers.images import read_image
from schema.encoded import BEGIN, END, EncodedDataset
from schema.examples import CaptionedImage
from tasks.caption import TASK, CaptionConfig, CaptionPredictConfig
from tasks.task import FittedEncoder

if TYPE_CHECKING:
    import keras

MIN_FEATURES_RATIO, MAX_WAITING, MIN_CAPTIONS_GAIN = 0.9, 10, 20
MAX_WORDS = 20
"""Maximum number of words in a generated caption."""


def measure(flags: BenchFlags) -> Report:
    """Measure the images and features of Flickr8k, and the captions of its validation split."""
    start_tensorflow()
    images, steps = (500, 150) if not flags.quick else (20, 4)
    config = CaptionConfig(dataset=flags.dataset("flickr8k"), limit=flags.examples, image_encoder="mobilenet_v2")
    if flags.quick:
        config = replace(config, cell="simple_rnn", units=4, embedding_size=4, batch_tokens=100)
    splits = TASK.splits(config)
    examples, tutorial_examples = (splits.validation[:20], 1) if flags.quick else (splits.validation, 20)
    with temporary_folder() as cache:
        fitted = TASK.fit_encoder(splits, replace(config, cache=cache))
        ours, bare = _images_per_second([example.image for example in splits.validation[:images]])
        model = compiled(TASK.build_model(fitted, config), TASK.loss(config), config)
        waiting = _waiting_fraction(model, fitted.encoded, config, steps)
        speeds = _measure_decoding(model, fitted, examples, tutorial_examples)
    gain = speeds.beam.rate / speeds.predict_loop.rate
    rows = [("our features, with decoding and caching", ours), ("predict on decoded images", bare)]
    results = [
        Measurement("images/s, our features / the bare network's predict", ours / bare, "x", MIN_FEATURES_RATIO),
        Measurement("fraction of the training spent waiting for features", 100 * waiting, "%", MAX_WAITING, True),
        Measurement(f"captions/s, beam of {BEAM_SIZE} / one predict call for each word", gain, "x", MIN_CAPTIONS_GAIN),
    ]
    return Report([ResultTable("image features", ("way", "images/s"), rows), speeds.table("captions")], results)


def _images_per_second(images: Sequence[bytes]) -> tuple[float, float]:
    """Images per second of our features and of the network alone, each after a warm-up."""
    import keras

    network = imagenet_encoder()
    pixels = np.stack([read_image(image) for image in images]).astype(np.float32)
    pixels = keras.applications.mobilenet_v2.preprocess_input(pixels)
    network.predict(pixels[:BATCH], batch_size=BATCH, verbose=0)
    start = perf_counter()
    network.predict(pixels, batch_size=BATCH, verbose=0)
    bare = len(images) / (perf_counter() - start)
    with temporary_folder() as cache:
        image_features = ImageFeatures(models.FrozenImageEncoder(network), "regions", cache)
        # In reverse order, so that none of it is in the cache afterwards.
        image_features(images[::-1][:BATCH])
        start = perf_counter()
        image_features(images)
        return len(images) / (perf_counter() - start), bare


def _waiting_fraction(model: "keras.Model", encoded: EncodedDataset, config: CaptionConfig, steps: int) -> float:
    """Train for some steps and return the fraction of the time spent waiting for the next batch."""
    batches = iter(Batches(encoded, config.batch_tokens or 1, config.seed).dataset().repeat())
    model.train_on_batch(*next(batches))
    waiting, start = 0.0, perf_counter()
    for _ in range(steps):
        request = perf_counter()
        batch = next(batches)
        waiting += perf_counter() - request
        model.train_on_batch(*batch)
    return waiting / (perf_counter() - start)


def _measure_decoding(
    model: "keras.Model",
    fitted: FittedEncoder[CaptionEncoder],
    examples: Sequence[CaptionedImage],
    tutorial_examples: int,
) -> Speeds:
    """Decode all captions with our search, and the first `tutorial_examples` as tutorials do; features are cached."""
    encoder = fitted.encoder
    encoded = encoder.encode(examples)
    generate = greedy_predict_loop(models.incremental_captioner(model), BEGIN, END, lambda image: MAX_WORDS)

    def beam_search(beam_size: int) -> list[str]:
        config = CaptionPredictConfig(beam_size=beam_size, max_length=MAX_WORDS)
        return [prediction.text for prediction in TASK.predict(model, encoder, encoded, config)]

    some = unpadded_rows(encoder.encode(examples[:tutorial_examples]).inputs["image"])
    return measure_decoding(beam_search, lambda image: TASK.detokenize(encoder, [generate(image)])[0], some)
