"""What an agent measures on any machine: processors, memory, disks and network."""

from typing import NamedTuple

from sandbox.telemetry.signals import Busy, Computed, Constant, Counter, Idle, Rate, Signal, used_percent
from sandbox.telemetry.subjects import Labels, Series, Subject

MODES = ("idle", "iowait", "irq", "nice", "softirq", "steal", "system", "user")
# Share of one core's time, low and high. Together they leave a core idle for a tenth of the time at least.
_SHARES = {
    "iowait": (0.0005, 0.05),
    "irq": (0.0, 0.0005),
    "nice": (0.0, 0.01),
    "softirq": (0.0002, 0.01),
    "steal": (0.0001, 0.03),
    "system": (0.002, 0.2),
    "user": (0.01, 0.58),
}
# In its peaks a spiky machine is at more than 80 %; in between it does a hundredth of that.
_PEAK_SHARES = {**_SHARES, "system": (0.16, 0.2), "user": (0.66, 0.69)}
# What it works on fits a small memory and lies on its own disk.
_SPIKY_MEMORY, _SPIKY_TRAFFIC = 0.25, 0.001
_MIB, _GIB = 1024**2, 1024**3
INTERFACES = {"public": "eth0", "private": "eth1"}
DIRECTIONS = {"inbound": "rx", "outbound": "tx"}
# DigitalOcean's glossary: what a processor does is system and user time.
_IDLE = ("idle", "iowait", "steal")
# Cores that have series of their own; a machine with more has this many, which is enough to tell what adding up means.
_TOLD_CORES = 4
MEGABITS = 8e-6


class Host(NamedTuple):
    """The signals of one machine, by the names that Insights gives them after the product; labels tell them apart."""

    figures: dict[str, list[tuple[Labels, Signal]]]

    def only(self, name: str) -> Signal:
        """The signal of a figure that has but one."""
        ((_, signal),) = self.figures[name]
        return signal


def host(subject: Subject, cores: int, memory_mib: int, disk_gib: float, scope: str = "") -> Host:
    """A machine of this size; `scope` tells several machines of one resource apart."""
    modes = _modes(subject, cores, scope)
    total = Constant(round(memory_mib * _MIB * 0.965))
    used = _SPIKY_MEMORY if subject.pattern == "spiky" else subject.work
    least, most = (0.08, 0.85) if used == 1 else (1 - 0.92 * used, 1 - 0.15 * used)
    available = subject.gauge(f"{scope}memory_available", total.value * least, total.value * most)
    cached, free_memory = _part(available, 0.6), _part(available, 0.3)
    size = Constant(round(disk_gib * _GIB * 0.962))
    free = subject.gauge(f"{scope}filesystem_free", size.value * 0.1, size.value * 0.9)
    root = {"filesystem_device": "/dev/vda1", "filesystem_mountpoint": "/", "filesystem_type": "ext4"}
    vda = {"disk_device": "vda"}
    read = subject.counter(f"{scope}disk_read", 0, 4_000_000)
    written = subject.counter(f"{scope}disk_write", 2_000, 9_000_000)
    swap = Constant(0 if memory_mib > 4096 else _GIB)
    plain: dict[str, Signal] = {
        "cpu_utilization": Busy(list(modes.values()), [modes[mode] for mode in _IDLE]),
        "disk_utilization": used_percent(free, size),
        "load_avg_1m": _load(subject, f"{scope}load_1", 0.01, 1.6 * cores),
        "load_avg_5m": _load(subject, f"{scope}load_5", 0.02, 1.4 * cores),
        "load_avg_15m": _load(subject, f"{scope}load_15", 0.05, 1.2 * cores),
        "memory_available": available,
        "memory_cached": cached,
        "memory_free": free_memory,
        "memory_swap_cached": Constant(0),
        "memory_swap_free": _part(swap, 0.9),
        "memory_swap_total": swap,
        "memory_total": total,
        "memory_utilization": used_percent(Computed([free_memory, cached], lambda *parts: sum(parts)), total),
    }
    figures: dict[str, list[tuple[Labels, Signal]]] = {name: [({}, signal)] for name, signal in plain.items()}
    figures["cpu_time"] = [({"cpu_mode": mode}, modes[mode]) for mode in MODES]
    told = min(cores, _TOLD_CORES)
    figures["cpu_time_by_core"] = [
        ({"cpu_id": str(core), "cpu_mode": mode}, _share(modes[mode], core, told))
        for core in range(told)
        for mode in MODES
    ]
    figures["filesystem_free"] = [(root, free)]
    figures["filesystem_size"] = [(root, size)]
    figures["disk_read"], figures["disk_write"] = [(vda, read)], [(vda, written)]
    figures["disk_sectors_read"], figures["disk_sectors_written"] = [(vda, _sectors(read))], [(vda, _sectors(written))]
    for direction in DIRECTIONS.values():
        counters = {side: _traffic(subject, f"{scope}{side}_{direction}", cores) for side in INTERFACES}
        figures[f"network_{direction}"] = [
            ({"network_device": device}, counters[side]) for side, device in INTERFACES.items()
        ]
        for side, counter in counters.items():
            figures[f"{side}_network_{direction}"] = [({}, Rate(counter))]
    return Host(figures)


def _load(subject: Subject, name: str, low: float, high: float) -> Signal:
    return subject.gauge(name, low * subject.work, high * subject.work, 2, is_work=True)


def _modes(subject: Subject, cores: int, scope: str) -> dict[str, Signal]:
    shares = _PEAK_SHARES if subject.pattern == "spiky" else _SHARES
    others: dict[str, Signal] = {
        mode: subject.counter(f"{scope}cpu/{mode}", low * cores * subject.work, high * cores * subject.work, 2)
        for mode, (low, high) in shares.items()
    }
    return {"idle": Idle(cores, list(others.values())), **others}


def _traffic(subject: Subject, name: str, cores: int) -> Counter:
    work = _SPIKY_TRAFFIC if subject.pattern == "spiky" else subject.work
    return subject.counter(name, 200 * work, 2_500_000 * cores * work)


def _part(whole: Signal, share: float) -> Computed:
    return Computed([whole], lambda values: (values * share).round())


def _share(mode: Signal, core: int, cores: int) -> Computed:
    """One core's part of a mode; the first ones do more than the last, and all of them together what the mode says."""
    weight = 2 * (cores - core) / (cores * (cores + 1))
    return Computed([mode], lambda values: values * weight)


def _sectors(counter: Signal) -> Computed:
    return Computed([counter], lambda values: values // 512)


def insights(subject: Subject, machine: Host, prefix: str, names: tuple[str, ...], extra: Labels) -> list[Series]:
    """The Insights series of a machine: each figure's name after the prefix, and `extra` labels on all of them."""
    return [
        subject.labelled(f"{prefix}{name}", signal, {**labels, **extra}, regional=name != "cpu_utilization")
        for name in names
        for labels, signal in machine.figures["cpu_time_by_core" if name == "cpu_time" else name]
    ]
