"""Fields that no schema declares: harmless ones stay, those whose name means a secret go, and new ones are counted."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from source_digitalocean_quolum.records.declared import digest
from source_digitalocean_quolum.redaction import is_secret_field, is_secret_list, redact_text

# Removes from an object, in place.
_Remover = Callable[[dict[str, Any]], None]
_made: dict[bytes, _Remover] = {}


class UndeclaredFields:
    """Judges the fields of a stream's records that its schema does not declare, by their names.

    What a schema declares was judged by hand (removed_secrets.json) and is kept, whatever its name. Those that stand at
    the top of a record are counted in `counts`, whether they are kept or not.
    """

    def __init__(self, schema: Mapping[str, Any], counts: Counter[str]) -> None:
        self._schema, self._counts = schema, counts
        self._declared = schema.get("properties", {}).keys()

    @cached_property
    def _remove(self) -> _Remover:
        # Most streams never need it.
        return _remover_for(self._schema)

    def judge(self, record: dict[str, Any]) -> list[str]:
        """Remove the secret ones at the top of a record, in place, and what is secret in the others; their names."""
        names = [name for name in record if name not in self._declared]
        for name in names:
            # A name may be a secret itself.
            self._counts[redact_text(name)] += 1
            remove_if_secret(record, name)
        return names

    def judge_nested(self, record: dict[str, Any]) -> None:
        """Remove the secret ones wherever they stand below what is declared, in place."""
        self._remove(record)


def _remover_for(schema: Mapping[str, Any]) -> _Remover:
    known_as = digest(schema)
    if known_as not in _made:
        _made[known_as] = _compile_remover(schema)
    return _made[known_as]


def _compile_remover(schema: Mapping[str, Any]) -> _Remover:
    """For an object of this schema, and for the objects and lists in it."""
    declared = {name: _members_of(inner) for name, inner in schema.get("properties", {}).items()}

    def remove(record: dict[str, Any]) -> None:
        for name, value in list(record.items()):
            if name not in declared:
                remove_if_secret(record, name)
            elif value.__class__ is dict or value.__class__ is list:
                _remove_within(value, declared[name])

    return remove


def _members_of(declared: Mapping[str, Any]) -> _Remover | None:
    """What to do with the objects in a field, alone or in a list; None where none of their fields are declared."""
    items = declared.get("items")
    objects = items if isinstance(items, Mapping) else declared
    return _remover_for(objects) if objects.get("properties") else None


def _remove_within(value: Any, remove: _Remover | None) -> None:
    for member in value if value.__class__ is list else (value,):
        if remove is not None and member.__class__ is dict:
            remove(member)
        elif member.__class__ is dict or member.__class__ is list:
            remove_secret_fields(member)


def remove_if_secret(record: dict[str, Any], name: str) -> None:
    """Judge one undeclared field of an object, in place: remove it, or what is secret in it."""
    value = record[name]
    if is_secret_field(name, value):
        del record[name]
    elif value.__class__ is dict or value.__class__ is list:
        remove_secret_fields(value, name)


def remove_secret_fields(value: Any, name: str = "") -> None:
    """Remove from an undeclared value, in place and however deep, what is secret by its name.

    That is a field so named, the value of a name and value pair so named, and all values of a list or map of such pairs
    (`name` being that of the list): an app's environment is secret whatever its variables are called.
    """
    rest = [(name, value)]
    while rest:
        name, value = rest.pop()
        if isinstance(value, list):
            rest += [(name, member) for member in value if member.__class__ is dict or member.__class__ is list]
        elif isinstance(value, dict):
            for inner_name in [inner for inner in value if _is_secret_member(name, value, inner)]:
                del value[inner_name]
            rest += [item for item in value.items() if item[1].__class__ is dict or item[1].__class__ is list]


def _is_secret_member(name: str, members: dict[str, Any], member: str) -> bool:
    """Whether a member of an undeclared object is secret; `name` is that of the object or of the list it stands in."""
    value, pair = members[member], members.get("key", members.get("name"))
    if isinstance(pair, str) and member == "value":
        return is_secret_list(name) or is_secret_field(pair, value)
    if pair is None and isinstance(value, str) and is_secret_list(name):
        return True
    return is_secret_field(member, value)
