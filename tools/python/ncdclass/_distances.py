# SPDX-License-Identifier: MIT
"""Distances of texts."""
import ctypes
from typing import Any, Iterable, Optional, Tuple

import numpy as np

from ._library import (Handle, Options, Pair, Row, call, call_interruptibly, lib,
                       n_threads, new_struct, parse_name)
from ._texts import Dataset, TextLike, Texts, as_text, to_bytes


def make_options(compressor: str, distance: str, order: str,
                 separator: TextLike) -> Tuple[Any, Any]:
    """The library's options, and what they borrow, to be kept as long."""
    borrowed = compressor.encode(), to_bytes(separator)
    options = new_struct(Options, "ncd_options_init_sized")
    options.compressor = borrowed[0]
    options.distance = parse_name("distance", distance)
    options.order = parse_name("order", order)
    options.separator = as_text(borrowed[1])
    return options, borrowed


def ncd(x: TextLike, y: TextLike, *, compressor: str = "gzip", distance: str = "ncd",
        order: str = "test-first", separator: TextLike = " ") -> float:
    """Normalized compression distance of two texts: near 0 for texts that say the
    same, near 1 for texts that share nothing; it may exceed 1.

    Parameters
    ----------
    x, y : str or bytes
        The test text and the training text.
    compressor : str
        A specification ``name[:level][,key=value]...``; `compressors` has the names.
    distance : {"ncd", "cdm", "clm", "cond"}
    order : {"test-first", "train-first", "mean"}
        Order of concatenation; "mean", of both orders, is symmetric.
    separator : str or bytes
        What stands between the two texts.

    For many pairs, `pairwise_ncd` is faster: it prepares each text once.
    """
    options, borrowed = make_options(compressor, distance, order, separator)
    pointer = ctypes.c_void_p()
    call("ncd_engine_open", ctypes.byref(options), ctypes.byref(pointer))
    engine = Handle(pointer, "ncd_engine_close")
    first, second, pair = to_bytes(x), to_bytes(y), Pair()
    call("ncd_engine_pair", engine, as_text(first), as_text(second),
         ctypes.byref(pair))
    return pair.distance


def pairwise_ncd(X: Iterable[TextLike], Y: Optional[Iterable[TextLike]] = None, *,
                 compressor: str = "gzip", distance: str = "ncd",
                 order: str = "test-first", separator: TextLike = " ",
                 n_jobs: Optional[int] = None) -> np.ndarray:
    """Distances of every text of X, as test text, to every text of Y.

    Parameters
    ----------
    X, Y : iterables of str or bytes
        Y defaults to X.
    n_jobs : int, default=None
        Threads; None for as many as OMP_NUM_THREADS or the cores allow.

    The others are as in `ncd`.

    Returns
    -------
    ndarray of float64, shape (n_X, n_Y)
        Symmetric only with ``order="mean"``; the diagonal of X with itself is
        small, but not 0.
    """
    options, borrowed = make_options(compressor, distance, order, separator)
    options.threads = n_threads(n_jobs)
    rows = Dataset()
    rows.add(Texts(X))
    columns = rows
    if Y is not None:
        columns = Dataset()
        columns.add(Texts(Y))
    out = np.empty((lib.ncd_dataset_n_texts(rows), lib.ncd_dataset_n_texts(columns)))

    def take(_arg: Any, row: int, distances: Any, n_columns: int) -> int:
        out[row] = np.ctypeslib.as_array(distances, (n_columns,))
        return 0

    if out.size:
        call_interruptibly(options, "ncd_matrix", rows, columns,
                           ctypes.byref(options), Row(take), None)
    return out
