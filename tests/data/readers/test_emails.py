"""Cleaning of emails and search for near-duplicates."""

import pytest

from data.readers.emails import clean_email, near_duplicates

TEXT = "the quick brown fox jumps over the lazy dog and then sleeps all day long"


@pytest.mark.parametrize(
    ("body", "clean"),
    [
        ("Protect= ion of the  pipeline.\n", "Protection of the pipeline."),
        ("costs,=  among=20\nother things.=09\n", "costs,among\nother things."),
        ("a = b and x=y\n", "a = b and x=y"),
        ("> He said no.\n> > She said yes.\n", "He said no.\nShe said yes."),
        ("See you there.\n-----Original Message-----\nWill you come?\n", "See you there."),
        ("Please call me.\nThanks,\nSara Shackleton\n", "Please call me."),
        ("Thank you very much!\nIt was a pleasure.\nCould we meet again?\n", None),
        ("Please sign.\nI am sorry.\nBest regards,\nKay\n", "Please sign.\nI am sorry."),
        ("We send our thanks.\nBob\n", "We send our thanks.\nBob"),
        ("Thanks.\n", "Thanks."),
        ("=20\n", "=20"),
        ("", ""),
    ],
)
def test_quoted_emails_signatures_and_encoding_are_removed(body, clean):
    assert clean_email(body, encoded=True) == (body.strip() if clean is None else clean)


def test_without_the_flag_encoded_characters_are_kept():
    assert clean_email("See  http://x.com/?id=20456 for x= 5.") == "See http://x.com/?id=20456 for x= 5."


def test_cleaning_an_email_of_punctuation_is_fast():
    assert clean_email("- " * 50_000 + "-" * 50_000).startswith("- - -")


def test_texts_without_words_are_not_near_duplicates():
    assert near_duplicates(["?!", "a b"], ["!!!", "..."]) == frozenset()


def test_near_duplicates_by_shared_ngrams_and_by_the_same_words():
    others = ["something else altogether", TEXT]
    changed = TEXT.replace("quick", "slow") + " tomorrow"
    shuffled = " ".join(sorted(TEXT.split()))
    assert near_duplicates([TEXT.upper(), changed, shuffled, "the dog", ""], others) == {0, 1, 2}
    half = " ".join(TEXT.split()[:8]) + " while nobody looks at what it does or where it goes at night"
    assert near_duplicates([half], others) == frozenset()
    assert near_duplicates([], others) == near_duplicates([TEXT], []) == frozenset()
