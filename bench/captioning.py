"""Captions: pictures a second through the network, how long training waits for features, and captions a second."""

from collections.abc import Sequence
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

import models
from bench.decoding import BEAM, Speeds, measure_decoding, one_predict_a_piece
from bench.measurement import BenchFlags, Measurement, Report, fresh_folder
from data.batches import Batches
from schema.encoded import EncodedDataset, IndexedColumn
from tasks.caption import TASK, CaptionConfig, CaptionDecodingConfig
from tasks.task import FittedEncoder

if TYPE_CHECKING:
    import keras

LEAST_LOOKING, MOST_WAITING, LEAST_CAPTIONS = 0.9, 10, 20
LONGEST = 20
"""Words of a caption that is decoded, at most."""


def measure(flags: BenchFlags) -> Report:
    """Flickr8k: its pictures, its features, and what a model says of its validation split."""
    from console.quiet import start_tensorflow

    start_tensorflow()
    pictures, steps = (500, 150) if not flags.quick else (20, 4)
    config = CaptionConfig(dataset=flags.dataset("flickr8k"), limit=flags.examples, image_encoder="mobilenet_v2")
    if flags.quick:
        config = replace(config, cell="simple_rnn", units=4, embedding_size=4, batch_tokens=100)
    splits = TASK.splits(config)
    asked, one_by_one = (splits.validation[:20], 1) if flags.quick else (splits.validation, 20)
    with fresh_folder() as cache:
        fitted = TASK.fit_encoder(splits, replace(config, cache=cache))
        looking = _look(fitted, [example.image for example in splits.validation[:pictures]])
        model = TASK.build_model(fitted, config)
        waiting = _train(model, fitted.encoded, config, steps)
        speeds = _caption(model, fitted, asked, one_by_one)
    gain = speeds.beam_size.rate / speeds.one_by_one.rate
    figures = [
        Measurement(
            "pictures/s, ours / the bare network's predict", looking[0] / looking[1], "x", LEAST_LOOKING, False
        ),
        Measurement("share of training spent waiting for features", 100 * waiting, "%", MOST_WAITING, True),
        Measurement(f"captions/s, beam {BEAM} / one predict a word", gain, "x", LEAST_CAPTIONS, False),
    ]
    rows = [("ours, unpacking and keeping included", looking[0]), ("predict, of pixels at hand", looking[1])]
    return Report([("looking at pictures", ("way", "pictures/s"), rows), speeds.table("captions")], figures)


def _look(fitted: FittedEncoder[Any], pictures: Sequence[bytes]) -> tuple[float, float]:
    """Pictures a second, ours and the network's alone, each after some that do not count."""
    from data.encoders.image_features import BATCH, ImageFeatures
    from data.readers.images import read_image

    network = fitted.encoder.image_features.network
    pixels = np.stack([read_image(picture) for picture in pictures]).astype(np.float32) / 127.5 - 1
    network.predict(pixels[:BATCH], batch_size=BATCH, verbose=0)
    began = perf_counter()
    network.predict(pixels, batch_size=BATCH, verbose=0)
    bare = len(pictures) / (perf_counter() - began)
    with fresh_folder() as cache:
        ours = ImageFeatures(network, cache, "regions")
        # The other way round, so that nothing of it is kept.
        ours(pictures[::-1][:BATCH])
        began = perf_counter()
        ours(pictures)
        return len(pictures) / (perf_counter() - began), bare


def _train(model: "keras.Model", encoded: EncodedDataset, config: CaptionConfig, steps: int) -> float:
    """Train for a while; gives the share of the time in which the model waited for its next batch."""
    import keras

    model.compile(keras.optimizers.Adam(2e-3, global_clipnorm=config.clip_norm), TASK.loss(config))
    batches = iter(Batches(encoded, config.batch_tokens or 1, config.seed).dataset().repeat())
    model.train_on_batch(*next(batches))
    waited, began = 0.0, perf_counter()
    for _ in range(steps):
        asked = perf_counter()
        batch = next(batches)
        waited += perf_counter() - asked
        model.train_on_batch(*batch)
    return waited / (perf_counter() - began)


def _caption(model: "keras.Model", fitted: FittedEncoder[Any], examples: Sequence[Any], one_by_one: int) -> Speeds:
    """From features that are at hand."""
    from data.encoders.caption import BEGIN, END

    encoded = fitted.encoder.encode(examples)
    say = one_predict_a_piece(models.incremental_captioner(model), BEGIN, END, lambda picture: LONGEST)

    def answer(beam: int) -> list[str]:
        answers = TASK.predict(
            model, fitted.encoder, encoded, CaptionDecodingConfig(beam_size=beam, max_length=LONGEST)
        )
        return [answer.text for answer in answers]

    column = encoded.inputs["picture"]
    assert isinstance(column, IndexedColumn)
    some = list(column[np.arange(min(one_by_one, len(examples)))])
    return measure_decoding(answer, lambda picture: TASK.detokenize(fitted.encoder, [say(picture)])[0], some)
