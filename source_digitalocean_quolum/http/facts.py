"""The smaller facts of an endpoint: what identifies a record, what finishes it, where an added value comes from."""

from typing import Annotated, Literal

import msgspec

# A field's name, and a way to one through objects: `destination.id`.
Name = Annotated[str, msgspec.Meta(pattern=r"^\w+$")]
Path = Annotated[str, msgspec.Meta(pattern=r"^[\w{}]+(\.[\w{}]+)*$")]
# What a field of a parent's record is compared with.
Scalar = str | int | bool | None


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Facts as they stand in streams/*.yaml: msgspec refuses an unknown word and a value of another type."""


class SurrogateKey(Facts, frozen=True):
    """Identity for records the API gives none: a hash of `of` (field names) goes into `field`."""

    field: Name
    of: Annotated[tuple[Name, ...], msgspec.Meta(min_length=1)]


class Unfinished(Facts, frozen=True):
    """Records that change until `field` has one of the values `until`: they hold the cursor back."""

    field: Name
    until: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)]


class ValueSource(Facts, frozen=True):
    """Where the value of an added field comes from: exactly one of these, see Endpoint.derived."""

    slice: Name | None = None
    equals: str | int | bool | msgspec.UnsetType = msgspec.UNSET
    if_absent: bool = False
    text: str | None = None
    clock: Literal["now"] | None = None
    incremental: bool = False
    outer: Path | None = None
    body: Path | None = None
    nested: Literal["name"] | None = None

    def __post_init__(self) -> None:
        """Raise a ValueError for no source, for several, and for a comparison with anything but the slice."""
        named = [
            name for name in ("slice", "text", "clock", "outer", "body", "nested") if getattr(self, name) is not None
        ]
        if len(named) != 1:
            raise ValueError(f"An added value comes from one of slice, text, clock, outer, body, nested; here: {named}")
        if self.equals is not msgspec.UNSET and self.slice is None:
            raise ValueError("`equals` compares with a value of the `slice`")
        if self.if_absent and self.slice is None:
            raise ValueError("`if_absent` takes a value of the `slice`")
