"""Raw text: how well the words of a treebank are found in it, and what the errors cost the tagger.

A word is correct if it covers the same characters as a word of the treebank, as in the CoNLL shared tasks (Zeman et al.
2018); for the F1 of parts of speech its tag must be correct, too. The tagger is the baseline `suffix_guesser`, which
needs no training of minutes.
"""

from collections.abc import Mapping, Sequence
from itertools import accumulate

from bench.measurement import BenchFlags, Measurement, Report, ResultTable
from console.quiet import start_tensorflow
from data.readers.datasets import TAGGED_SENTENCES
from data.readers.tfds import get_builder, records
from evaluation.tagging_baselines import fit_tagging_baselines
from schema.examples import TaggedSentence
from tasks.pos import TASK, PosConfig
from tasks.tagging import TaggingPredictConfig, suffix_features

MIN_WORD_F1, MAX_LOSS = 99, 1


def measure(flags: BenchFlags) -> Report:
    """Measure on the test split of EWT."""
    start_tensorflow()
    dataset = flags.dataset("ewt")
    splits = TASK.splits(PosConfig(dataset=dataset, limit=flags.examples))
    tag = fit_tagging_baselines(splits.train, suffix_features)["suffix_guesser"]
    gold = splits.test
    texts = _raw_texts(dataset) if dataset in TAGGED_SENTENCES else {}
    raw = [
        TASK.parse_input(texts.get(_characters(each.words), " ".join(each.words)), TaggingPredictConfig())
        for each in gold
    ]
    tagged = [
        [TaggedSentence(each.words, prediction.tags) for each, prediction in zip(part, tag(part), strict=True)]
        for part in (gold, raw)
    ]
    references = [_spans(each) for each in gold]
    word_f1 = _f1([set(spans) for spans in references], [set(_spans(each)) for each in raw])
    tag_f1s = [
        _f1([set(spans.items()) for spans in references], [set(_spans(each).items()) for each in part])
        for part in tagged
    ]
    table = ResultTable(
        f"words and parts of speech in {len(gold):,} sentences of test",
        ("input", "F1 of words", "F1 of parts of speech"),
        [("words of the treebank", 100.0, tag_f1s[0]), ("raw text", word_f1, tag_f1s[1])],
    )
    results = [
        Measurement("F1 of the words found in raw text", word_f1, "%", MIN_WORD_F1),
        Measurement(
            "F1 of parts of speech lost by raw text", tag_f1s[0] - tag_f1s[1], "points", MAX_LOSS, at_most=True
        ),
    ]
    return Report([table], results)


def _raw_texts(dataset: str) -> Mapping[str, str]:
    """The raw text of each test sentence by its characters without spaces."""
    spec = TAGGED_SENTENCES[dataset]
    found = records(get_builder(dataset, spec.builder, spec.host, spec.module), "test")
    texts = [row["text"].decode("utf-8") for row in found]
    return {_characters(text.split()): text for text in texts}


def _characters(words: Sequence[str]) -> str:
    return "".join("".join(words).split())


def _spans(sentence: TaggedSentence) -> dict[tuple[int, int], str]:
    """First and last character of each word -> its tag, if the sentence is tagged; spaces do not count."""
    ends = list(accumulate(len("".join(word.split())) for word in sentence.words))
    return dict(zip(zip([0, *ends], ends, strict=False), sentence.tags or sentence.words, strict=True))


def _f1(references: Sequence[set[object]], predicted: Sequence[set[object]]) -> float:
    """F1 of sets, in percent, summed over the sentences."""
    common = sum(len(one & other) for one, other in zip(references, predicted, strict=True))
    return 200 * common / sum(map(len, (*references, *predicted)))
