"""Which parents are to be asked what hangs on them: those on which something does, by lists that are read anyway."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from airbyte_cdk.sources.types import StreamSlice

from source_digitalocean_quolum.retrievers.changed_parents import ChangedParentsRouter, hash_fields


@dataclass
class AssociatedParentsRouter(ChangedParentsRouter):
    """ChangedParentsRouter whose parents are looked at together with lists of what may hang on them.

    The last parent is the one that is asked about. It is known by the identifier of its slice and by those that its
    `extra_fields` list (a Droplet's volumes and snapshots). The parents before it are lists whose records hang on what
    one of these identifiers names, by their `parent_key`. A parent is asked about if something hangs on it, or did when
    it was asked last, and if that has changed since: in a list's `extra_fields`, or by coming and going.
    """

    def _list_changed(self, before: dict[str, str], seen: dict[str, str]) -> Iterable[StreamSlice]:
        asked = self.parent_stream_configs[-1].extra_fields or []
        names = {".".join(part.eval(self.config) for part in path) for path in asked}  # type: ignore[union-attr]
        hanging: defaultdict[str, list[str]] = defaultdict(list)
        for one in self._list_parents():
            fields = dict(one.extra_fields or {})
            identity = str(one.partition[self._partition_field])
            if fields.keys() != names:
                hanging[identity].append(str(sorted(fields.items())))
                continue
            own = sorted(str(value) for values in fields.values() for value in values or ())
            found = [own, sorted(text for name in (identity, *own) for text in hanging.get(name, ()))]
            if any(found) or identity in before:
                seen[identity] = hash_fields(found)
                if before.get(identity) != seen[identity]:
                    yield StreamSlice(partition=one.partition, cursor_slice={})
