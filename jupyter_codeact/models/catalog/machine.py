"""What this machine has for a model: memory, processor cores, GPUs, and the packages that use them.

Nothing here imports torch or touches a GPU, so looking costs milliseconds and no GPU memory.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from ...agent.contracts import Frozen
from ..extras import install
from ..extras import missing as missing_package

GPU_MEMORY_SHARE = 0.85
"""Share of a GPU's free memory for a model and its caches, unless the user sets another."""

_CGROUP = Path("/sys/fs/cgroup")


class Gpu(Frozen):
    """A GPU; ``memory`` and ``free`` are in bytes, ``backend`` is llama.cpp's: "CUDA", "Vulkan", "Metal"."""

    name: str
    memory: int
    free: int
    backend: str = ""


class Machine(Frozen):
    """The hardware for a model.

    Attributes
    ----------
    memory, free : int
        Bytes of RAM that this process may use, in all and at the moment.
    cores : int
        Physical cores that it may use.
    gpus : tuple of Gpu
        The NVIDIA GPUs that it may use.
    missing : str
        Why transformers cannot use them, as half a sentence; empty if it can.
    llama_gpus : tuple of Gpu
        The GPUs that the installed build of llama.cpp can use.
    llama_missing : str
        Why llama.cpp cannot be used, as half a sentence; empty if it can.
    """

    memory: int
    free: int
    cores: int
    gpus: tuple[Gpu, ...] = ()
    missing: str = ""
    llama_gpus: tuple[Gpu, ...] = ()
    llama_missing: str = ""


def memory() -> int:
    """Return the bytes of RAM that this process may use in all."""
    import psutil

    total: int = psutil.virtual_memory().total
    return min(total, _container_memory()[0] or total)


def look() -> Machine:
    """Return the hardware. Blocks for as long as the GPU's driver takes to answer."""
    import psutil

    now = psutil.virtual_memory()
    limit, used = _container_memory()
    gpus = _gpus()
    return Machine(
        memory=memory(),
        free=min(now.available, limit - used if limit else now.available),
        cores=cores(),
        gpus=gpus,
        missing=_missing() if gpus else "",
        llama_gpus=llama_gpus(),
        llama_missing=missing_package("xllamacpp"),
    )


def cores(cgroup: Path = _CGROUP) -> int:
    """Return the physical cores that this process may use; more threads than that slow a model down."""
    import psutil

    count = psutil.cpu_count(logical=False) or os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        count = min(count, len(os.sched_getaffinity(0)))
    try:  # a container's share: "microseconds period", or "max period" for no limit
        quota, period = (cgroup / "cpu.max").read_text().split()
        count = min(count, int(quota) // int(period))
    except (OSError, ValueError):
        pass
    return max(count, 1)


def _container_memory(cgroup: Path = _CGROUP) -> tuple[int, int]:
    """Return the limit of a container's memory and what is used of it, or zeros if there is no limit.

    JupyterHub and Binder have the limit in ``MEM_LIMIT``, too; where only they do, the use is unknown.
    """
    variable = os.environ.get("MEM_LIMIT", "").partition(".")[0]
    try:
        limit = int((cgroup / "memory.max").read_text())  # "max" for no limit
        used = int((cgroup / "memory.current").read_text())
    except (OSError, ValueError):
        return (int(variable), 0) if variable.isdecimal() else (0, 0)
    # Cached files (a model's above all) count as used, but make room when memory is needed.
    try:
        lines = (cgroup / "memory.stat").read_text().splitlines()
        used -= sum(
            int(line.split()[1]) for line in lines if line.startswith(("inactive_file ", "active_file "))
        )
    except (OSError, ValueError):
        pass
    return limit, min(max(used, 0), limit)


def _gpus() -> tuple[Gpu, ...]:
    """Ask NVIDIA's driver; without it, there is no GPU that the engines here can use."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return ()
    try:
        listed = subprocess.run(  # noqa: S603
            [
                program,
                "--query-gpu=index,uuid,name,memory.total,memory.free",
                "--format=csv,noheader,nounits",
            ],
            capture_output=True,
            text=True,
            timeout=20,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return ()
    return parse_gpus(listed, os.environ.get("CUDA_VISIBLE_DEVICES"))


def parse_gpus(listed: str, visible: str | None = None) -> tuple[Gpu, ...]:
    """Return the GPUs of nvidia-smi's list that CUDA_VISIBLE_DEVICES leaves to this process."""
    found = {}
    for row in csv.reader(listed.splitlines(), skipinitialspace=True):
        try:
            index, uuid, name, total, free = row
            found[index, uuid] = Gpu(name=name, memory=int(total) << 20, free=int(free) << 20)
        except ValueError:  # a lost or partitioned GPU reports "[N/A]"
            continue
    if visible is None:
        return tuple(found.values())
    chosen = []
    for name in map(str.strip, visible.split(",")):
        gpu = next(
            (g for (index, uuid), g in found.items() if name == index or (name and uuid.startswith(name))),
            None,
        )
        if gpu is None:  # CUDA ignores everything from the first unknown name on, too
            break
        chosen.append(gpu)
    return tuple(chosen)


_ASK_LLAMA = """
import json, xllamacpp
found = [(d["name"], d["description"], d["memory_total"], d["memory_free"], d["type"].name.rpartition("_")[2])
         for d in xllamacpp.get_device_info()]
print(json.dumps(found))
"""
_has_no_gpu = False
"""Whether llama.cpp has been asked and has none, which does not change while this process runs."""


def llama_gpus() -> tuple[Gpu, ...]:
    """Ask llama.cpp for its GPUs, in a process of its own: its library would occupy their memory in ours."""
    global _has_no_gpu
    if _has_no_gpu or missing_package("xllamacpp"):
        return ()
    command = [sys.executable, "-P", "-c", _ASK_LLAMA]
    try:
        told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout  # noqa: S603
        found = read_llama_gpus(told)
    except (OSError, subprocess.SubprocessError):
        found = ()
    _has_no_gpu = not found
    return found


def read_llama_gpus(told: str) -> tuple[Gpu, ...]:
    """Return the GPUs of llama.cpp's list of devices; integrated ones only where there are no others."""
    try:
        devices = json.loads(told.strip().rpartition("\n")[2])
    except ValueError:
        return ()
    found: dict[str, list[Gpu]] = {"GPU": [], "IGPU": []}
    for name, description, total, free, kind in devices:
        backend = {"MTL": "Metal"}.get(short := name.rstrip("0123456789"), short)
        if kind in found:
            gpu = Gpu(name=description or name, memory=total, free=min(free, total), backend=backend)
            found[kind].append(gpu)
    return tuple(found["GPU"] or found["IGPU"])


def _missing() -> str:
    """Return what is not installed, of the packages that run a model on a GPU, as half a sentence."""
    for package in ("torch", "transformers", "accelerate"):
        try:
            installed = version(package)
        except PackageNotFoundError:
            return f"{package} is not installed (`{install('gpu')}`)"
        if package == "torch" and installed.endswith("+cpu"):
            return "the installed torch is the one for CPUs"
    return ""
