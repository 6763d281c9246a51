"""The history of actions: it grows with the clock, and what has happened never changes."""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta

from sandbox.clock import stamp
from sandbox.world.plan import Plan, Record

_SLOT = timedelta(hours=2)
_KINDS = ["power_cycle", "snapshot", "password_reset", "reboot", "power_off", "power_on", "enable_backups", "rename"]


class ActionLog:
    """Actions by slot of two hours. Each slot has one long action, so that one or two are always in progress."""

    def __init__(self, plan: Plan, droplets: list[Record], resizes: list[tuple[datetime, Record]]) -> None:
        """`resizes` are those that the bills tell of, too."""
        self._plan = plan
        # Later deletions must not rewrite history, so the log keeps its own list.
        self._targets = [(one["id"], one["region"]) for one in droplets]
        self._resizes = resizes
        self._first = plan.anchor - timedelta(days=plan.days)
        self._per_slot = min(40, len(droplets) // 20)
        self._past: list[tuple[datetime, datetime, Record]] = []
        self._slots = 0

    def records(self, now: datetime) -> list[Record]:
        """Every action started by `now`, newest first."""
        if not self._targets:
            return []
        while self._first + self._slots * _SLOT <= now:
            self._past += self._slot(self._slots)
            self._slots += 1
        started = bisect_right(self._past, now, key=lambda entry: entry[0])
        return [_as_of(entry, now) for entry in reversed(self._past[:started])]

    def _slot(self, number: int) -> list[tuple[datetime, datetime, Record]]:
        begins = self._first + number * _SLOT
        # Counted from a fixed day, so that a sandbox started later tells the same history with the same ids.
        absolute = int((begins - datetime(2020, 1, 1, tzinfo=UTC)) / _SLOT)
        rng = self._plan.rng(f"actions/{absolute}")
        starts = [
            rng.randrange(300),
            *sorted(rng.randrange(300, 7200) for _ in range(rng.randrange(self._per_slot + 1))),
        ]
        entries = []
        for index, offset in enumerate(starts):
            long = index == 0
            start = begins + timedelta(seconds=offset)
            ends = start + timedelta(seconds=rng.randrange(7560, 9000) if long else rng.randrange(4, 900))
            droplet_id, region = rng.choice(self._targets)
            record: Record = {
                "id": 1_000_000_000 + absolute * 50 + index,
                "status": "errored" if rng.random() < 0.02 else "completed",
                "type": "migrate_droplet" if long else rng.choice(_KINDS),
                "started_at": stamp(start),
                "completed_at": stamp(ends),
                "resource_id": droplet_id,
                "resource_type": "droplet",
                "region": region,
                "region_slug": region["slug"],
            }
            if index % 5 == 3:
                record |= {"type": "attach_volume", "resource_id": None, "resource_type": "volume"}
            entries.append((start, ends, record))
        entries += [_resize(at, one) for at, one in self._resizes if begins <= at < begins + _SLOT]
        return sorted(entries, key=lambda entry: entry[0])


def _resize(at: datetime, droplet: Record) -> tuple[datetime, datetime, Record]:
    ends = at + timedelta(minutes=5)
    record = {
        "id": 2_000_000_000 + int(droplet["id"]),
        "status": "completed",
        "type": "resize",
        "started_at": stamp(at),
        "completed_at": stamp(ends),
        "resource_id": droplet["id"],
        "resource_type": "droplet",
        "region": droplet["region"],
        "region_slug": droplet["region"]["slug"],
    }
    return at, ends, record


def _as_of(entry: tuple[datetime, datetime, Record], now: datetime) -> Record:
    _, ends, record = entry
    return record if ends <= now else {**record, "status": "in-progress", "completed_at": None}
