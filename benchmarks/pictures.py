"""Time and memory of posts with pictures of all kinds, one after another in a new process.

Memory is the most that the process took during a post, less what it took after a first one of ordinary size: so
what is kept of earlier pictures counts, too, and the network and the detectors do not.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from PIL import Image
from rich.table import Table

from benchmarks.large_pictures import HEIC, LARGE
from benchmarks.made_pictures import KINDS, Make, data_urls
from benchmarks.tables import columns_table

TEXT = "Ann Lee plays for Oslo Owls"
_MEBI = 1 << 20
_KINDS = ("base64", "JPEG2000", "JPEG", "PNG", "WEBP", "GIF", "BMP", "AVIF", "TIFF", "HEIC")
"""Groups, by a word in the names of the pictures; the first that fits counts."""


@dataclass(frozen=True, slots=True)
class MeasuredPicture:
    """One post."""

    name: str
    """Of its picture; the first words are the group."""
    seconds: float
    """From the file to the result."""
    processor: float
    """The same, of all processors together; a busy machine changes it little."""
    memory: int
    """Bytes above those before."""
    used: bool
    """Whether the picture was used."""
    found: bool
    """Whether entities came back."""


def measure_pictures() -> Iterable[Table]:
    """Make all pictures, read them, and yield a table by kind and one of the slowest and largest."""
    with TemporaryDirectory() as folder:
        makes = [*KINDS.items(), *LARGE.items(), *(HEIC.items() if _has_heic() else ())]
        names = list(_written(makes, Path(folder)))
        command = [sys.executable, "-m", "benchmarks.pictures", folder]
        lines = subprocess.run(command, check=True, capture_output=True, text=True, input=json.dumps(names)).stdout
    found = [MeasuredPicture(**json.loads(line)) for line in lines.splitlines()]
    yield _table(f"{len(found)} posts with pictures", {"all": found, **_groups(found)})
    yield _listing("Slowest", sorted(found, key=lambda one: -one.seconds))
    yield _listing("Most memory", sorted(found, key=lambda one: -one.memory))


def _has_heic() -> bool:
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return False
    register_heif_opener()
    return True


def _written(makes: Iterable[tuple[str, Make]], folder: Path) -> Iterator[str]:
    """Write the files, each under its number; small ones come first."""
    for number, (name, make) in enumerate(makes):
        (folder / str(number)).write_bytes(make())
        yield name


def _groups(found: Iterable[MeasuredPicture]) -> dict[str, list[MeasuredPicture]]:
    groups: dict[str, list[MeasuredPicture]] = {}
    for one in found:
        kind = next(kind for kind in _KINDS if kind in one.name)
        groups.setdefault(kind, []).append(one)
    return groups


def _table(title: str, groups: dict[str, list[MeasuredPicture]]) -> Table:
    columns = {
        "": list(groups),
        "posts": [str(len(group)) for group in groups.values()],
        "entities came back": [str(sum(one.found for one in group)) for group in groups.values()],
        "picture was used": [str(sum(one.used for one in group)) for group in groups.values()],
        "slowest": [f"{max(one.seconds for one in group):.2f} s" for group in groups.values()],
        "most of the processors": [f"{max(one.processor for one in group):.2f} s" for group in groups.values()],
        "most memory": [f"{max(one.memory for one in group) / _MEBI:.0f} MiB" for group in groups.values()],
    }
    return columns_table(title, columns)


def _listing(title: str, found: list[MeasuredPicture]) -> Table:
    shown = found[:10]
    columns = {
        "": [one.name for one in shown],
        "time": [f"{one.seconds:.2f} s" for one in shown],
        "of the processors": [f"{one.processor:.2f} s" for one in shown],
        "memory": [f"{one.memory / _MEBI:.0f} MiB" for one in shown],
    }
    return columns_table(title, columns)


def _read_all(folder: Path, names: list[str]) -> Iterator[MeasuredPicture]:
    """Read the post of each picture in this process."""
    import unco

    context = unco.Context(mode="off")
    warm = Image.effect_noise((1280, 960), 90).convert("RGB")  # what detectors and network take for good
    unco.extract(TEXT, warm, context=context)
    idle = _memory("VmRSS")
    references = {name: str(folder / str(number)) for number, name in enumerate(names)} | data_urls()
    for name, reference in references.items():
        Path("/proc/self/clear_refs").write_text("5")  # the peak is measured anew
        start, start_processor = perf_counter(), process_time()
        result = unco.extract(TEXT, reference, context=context)
        seconds, processor = perf_counter() - start, process_time() - start_processor
        memory = _memory("VmHWM") - idle
        yield MeasuredPicture(name, seconds, processor, memory, result.seen_picture is not None, bool(result.entities))


def _memory(name: str) -> int:
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text("utf-8"))
    return int(found[1]) * 1024 if found else 0


def main() -> None:
    """Print a line of JSON for each post, in a process that did not make the pictures."""
    from dataclasses import asdict

    for one in _read_all(Path(sys.argv[1]), json.load(sys.stdin)):
        sys.stdout.write(json.dumps(asdict(one)) + "\n")


if __name__ == "__main__":
    main()
