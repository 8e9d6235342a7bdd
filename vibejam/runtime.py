"""What this machine is, decided in one place: which device computes, in which precision, and whether this is a public Space."""

import contextlib
import ctypes
import os
import sys

import torch

from vibejam.errors import UserError


def pick_device(asked: str | None = None) -> torch.device:
    """The device asked for, or the best there is.  Raises UserError for one that this machine lacks."""
    if asked in (None, "", "auto"):
        if is_zero_gpu():
            return torch.device("cpu")  # a GPU is lent to one function at a time (zero_gpu.py), and torch says it is always there
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(asked)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise UserError(f"This machine has no device called {asked!r}; leave it out, or use cpu.") from error
    return device


def is_out_of_memory(error: BaseException) -> bool:
    """Whether `error` says that memory ran out, for which torch has a kind of its own only on a GPU."""
    words = ("can't allocate memory", "not enough memory")
    return isinstance(error, MemoryError | torch.OutOfMemoryError) or any(word in str(error) for word in words)


def is_compiler(error: BaseException) -> bool:
    """Whether `error` is torch.compile's, whose modules take seconds to import."""
    return type(error).__module__.startswith(("torch._dynamo", "torch._inductor"))


def compute_dtype(device: torch.device) -> torch.dtype:
    """bfloat16 where the hardware multiplies it (4 to 7 times faster on such CPUs), float16 on older GPUs, else float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    if device.type == "cpu" and cpu_has_bf16():
        return torch.bfloat16
    return torch.float32


def cpu_has_bf16() -> bool:
    """Whether the CPU has bfloat16 products (AVX512-BF16 or AMX); without them torch emulates and is slower."""
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")  # torch has no public name for these
    return any(getattr(torch.cpu, name, lambda: False)() for name in names)


def memory_in_use(device: torch.device | None = None) -> int | None:
    """Bytes that this process holds, on the GPU where it computes on one; None where the system does not say."""
    if (device or pick_device()).type == "cuda":
        return torch.cuda.memory_reserved()
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError, AttributeError):
        pass
    try:
        import resource  # not on Windows
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def memory_of_device(device: torch.device) -> int | None:
    """Bytes of memory that the device has, used or not; None where the system does not say."""
    if device.type == "cuda":
        return torch.cuda.get_device_properties(device).total_memory
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, AttributeError):  # Windows
        return None


def return_memory() -> None:
    """Hand memory that is free back to the system, where the C library would keep it: about 100 MB after a run (Linux's does)."""
    with contextlib.suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def is_space() -> bool:
    """Whether this runs as a Hugging Face Space, where strangers visit."""
    return bool(os.environ.get("SPACE_ID"))


def is_zero_gpu() -> bool:
    """Whether this is a Space that has no GPU of its own and is lent one for seconds."""
    return is_space() and os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")
