"""The C library's memory allocator, set as arrays of many megabytes need it."""

import ctypes

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
_MMAP_BYTES = 32 << 20


def keep_freed_memory() -> None:
    """Have glibc keep the memory of freed arrays up to 32 MiB for the next ones.

    glibc finds this out by itself, unless ``MALLOC_TRIM_THRESHOLD_`` is set, as Dask sets it for
    its workers: then it takes every array from the kernel and gives it back, page by page, and an
    evaluation takes three times as long. The limits are those that glibc's own rule ends at. Does
    nothing with another C library.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _MMAP_BYTES)
        mallopt(_M_TRIM_THRESHOLD, 2 * _MMAP_BYTES)
