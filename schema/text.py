"""Tokenization that the data and the scores share."""

_PUNCTUATION = '.,;:!?"()'


def caption_tokens(text: str) -> list[str]:
    """Split a caption at spaces into lowercase words without punctuation around them, as the COCO scorers expect."""
    tokens = (token.strip(_PUNCTUATION) for token in text.lower().split())
    return [token for token in tokens if any(letter.isalnum() for letter in token)]
