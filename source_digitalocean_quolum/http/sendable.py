"""What a header of a request can hold."""


def refuse_odd_characters(value: str) -> str:
    """The value, as it is. Raise ValueError, with what to do, for one that was not copied alone."""
    if any(character.isspace() or not character.isprintable() for character in value) or not value.isascii():
        raise ValueError("it contains characters that no such value has (a space, a line break); paste it alone")
    return value
