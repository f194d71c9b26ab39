"""Tokenizers on unusual texts."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.readers.tokenization import TOKENIZERS, tokenize, tokenize_cased, tokenize_tweets


@pytest.mark.parametrize(
    "text, tokens",
    [
        ("It wasn't GOOD!<br />At all.", ["it", "was", "n't", "good", "!", "at", "all"]),
        ("Don't, can't, won't", ["do", "n't", "ca", "n't", "wo", "n't"]),
        ("It isn’t Anna’s film", ["it", "is", "n't", "anna", "'s", "film"]),
        ("good<br>bad<BR/>ugly<br  />end", ["good", "bad", "ugly", "end"]),
        ("why?! oh... 10/10!!", ["why", "?!", "oh", "10", "10", "!!"]),
        ("a\0b", ["a", "b"]),
        ("so 😀 good 👍🏽", ["so", "good"]),
        ("cafe\u0301 na\u00efve", ["café", "naïve"]),
        ("Straße ÉCOLE Žena", ["strasse", "école", "žena"]),
        ("next\u0085line\u2028here\ttoo\r\n", ["next", "line", "here", "too"]),
        ("日本 фильм", ["日本", "фильм"]),
        ("", []),
        (" ...\n", []),
    ],
)
def test_known_tokens(text, tokens):
    assert tokenize(text) == tokens


@settings(deadline=None)
@given(st.text())
def test_composed_and_decomposed_letters_give_the_same_tokens(text):
    assert tokenize(unicodedata.normalize("NFD", text)) == tokenize(unicodedata.normalize("NFC", text))


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@settings(deadline=None)
@given(text=st.text())
def test_no_token_is_empty_or_contains_white_space(tokenizer, text):
    # Vocabularies and n-grams are saved as lines with spaces and tabs between words.
    assert all(token and token.split() == [token] for token in TOKENIZERS[tokenizer](text))


@pytest.mark.parametrize(
    "text, tokens",
    [
        ("What's the U.S. capital?", ["What", "'s", "the", "U.S.", "capital", "?"]),
        ('He didn’t say "no" (did he?).', ["He", "did", "n't", "say", '"', "no", '"', "(", "did", "he", "?)."]),
        ("It's over.", ["It", "'s", "over", "."]),
        ("in the 1960's", ["in", "the", "1960's"]),
        ("a\ud800b", ["a\ufffdb"]),
        ("", []),
    ],
)
def test_known_tokens_with_case(text, tokens):
    assert tokenize_cased(text) == tokens


@pytest.mark.parametrize(
    "text", ["What 's  U.S. slang ?\n", "What is `` Ms. '' short for ?", "10-?? of it , -LRB- 1960's -RRB- ? !"]
)
def test_a_tokenized_text_is_split_only_at_spaces(text):
    assert tokenize_cased(text) == text.split()


@pytest.mark.parametrize(
    "text, tokens",
    [
        ("@colgo", ["@", "colgo"]),
        ("RT @Ann_Lee: it's @bob's cat.", ["RT", "@", "Ann_Lee", ":", "it", "'s", "@", "bob", "'s", "cat", "."]),
        ("@ann@bob", ["@", "ann@bob"]),
        ("write to me@home.org", ["write", "to", "me@home.org"]),
        ("5 @ 3 @ ann", ["5", "@", "3", "@", "ann"]),
        ("#go @東京 😀", ["#go", "@", "東京", "😀"]),
        ("", []),
        ("(@ann) and @@bob", ["(", "@", "ann", ")", "and", "@", "@", "bob"]),
    ],
)
def test_the_sign_of_a_mention_is_a_separate_token(text, tokens):
    assert tokenize_tweets(text) == tokens


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="@")))
def test_a_tweet_without_a_mention_is_split_like_any_text(text):
    assert tokenize_tweets(text) == tokenize_cased(text)
