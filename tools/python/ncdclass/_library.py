# SPDX-License-Identifier: MIT
"""The public header of libncdclass, as far as Python needs it, by ctypes.

ctypes gives up the global interpreter lock during each call. The structs below
repeat the header's; a test compiles the header and compares every offset.

The options structs may grow at their end. Here each has room behind it, so that
the `_init` of a later library fits; its first member then says which members
the library in use knows.
"""
import ctypes
import os
import signal
import threading
from ctypes import (CFUNCTYPE, POINTER, Structure, c_char, c_char_p, c_double, c_int,
                    c_size_t, c_uint, c_uint64, c_void_p)
from typing import Any, Dict, List, Optional, Type

Progress = CFUNCTYPE(c_int, c_void_p, c_uint64, c_uint64)
Row = CFUNCTYPE(c_int, c_void_p, c_size_t, POINTER(c_double), c_size_t)


NO_PROGRESS = ctypes.cast(0, Progress)


class Text(Structure):
    c_name = "ncd_text"
    _fields_ = [("bytes", c_void_p), ("nbytes", c_size_t)]


class Error(Structure):
    c_name = "ncd_error"
    _fields_ = [("status", c_int), ("message", c_char * 1024)]


class CompressorInfo(Structure):
    c_name = "ncd_compressor_info"
    _fields_ = [("name", c_char_p), ("summary", c_char_p), ("library", c_char_p),
                ("library_version", c_char_p), ("level_min", c_int),
                ("level_max", c_int), ("level_default", c_int), ("window", c_size_t),
                ("keys", c_char_p)]


class Options(Structure):
    c_name = "ncd_options"
    _fields_ = [("struct_nbytes", c_size_t), ("compressor", c_char_p),
                ("distance", c_int), ("order", c_int), ("separator", Text),
                ("k", c_uint), ("vote", c_int), ("threads", c_uint),
                ("progress", Progress), ("progress_arg", c_void_p),
                ("engine", c_int), ("method", c_int)]


class PredictOptions(Structure):
    c_name = "ncd_predict_options"
    _fields_ = [("struct_nbytes", c_size_t), ("k", c_uint), ("vote", c_int),
                ("threads", c_uint), ("progress", Progress),
                ("progress_arg", c_void_p), ("n_candidates", c_uint)]


class Pair(Structure):
    c_name = "ncd_pair"
    _fields_ = [("size_x", c_double), ("size_y", c_double), ("size_xy", c_double),
                ("distance", c_double)]


class Neighbor(Structure):
    c_name = "ncd_neighbor"
    _fields_ = [("index", c_size_t), ("distance", c_double)]


STRUCTS = (Text, Error, CompressorInfo, Options, PredictOptions, Pair, Neighbor)

OBJECT = c_void_p  # an opaque type of the library
OBJECT_OUT = POINTER(c_void_p)
ERROR_OUT = POINTER(Error)

# Result, then parameters.
PROTOTYPES: Dict[str, List[Any]] = {
    "ncd_version": [c_char_p],
    "ncd_default_threads": [c_uint],
    "ncd_compressor_count": [c_size_t],
    "ncd_compressor_get": [POINTER(CompressorInfo), c_size_t],
    "ncd_options_init_sized": [None, c_void_p, c_size_t],
    "ncd_distance_name": [c_char_p, c_int],
    "ncd_order_name": [c_char_p, c_int],
    "ncd_vote_name": [c_char_p, c_int],
    "ncd_method_name": [c_char_p, c_int],
    "ncd_engine_open": [c_int, c_void_p, OBJECT_OUT, ERROR_OUT],
    "ncd_engine_close": [None, OBJECT],
    "ncd_engine_pair": [c_int, OBJECT, Text, Text, POINTER(Pair), ERROR_OUT],
    "ncd_dataset_new": [c_int, OBJECT_OUT],
    "ncd_dataset_free": [None, OBJECT],
    "ncd_dataset_add": [c_int, OBJECT, Text, Text, c_char_p, c_uint64, ERROR_OUT],
    "ncd_dataset_n_texts": [c_size_t, OBJECT],
    "ncd_dataset_n_classes": [c_size_t, OBJECT],
    "ncd_dataset_text": [Text, OBJECT, c_size_t],
    "ncd_dataset_class": [c_size_t, OBJECT, c_size_t],
    "ncd_dataset_label": [c_char_p, OBJECT, c_size_t],
    "ncd_matrix": [c_int, OBJECT, OBJECT, c_void_p, Row, c_void_p, ERROR_OUT],
    "ncd_model_train": [c_int, OBJECT, c_void_p, OBJECT_OUT, ERROR_OUT],
    "ncd_model_update": [c_int, OBJECT, OBJECT, OBJECT, c_void_p, OBJECT_OUT,
                         ERROR_OUT],
    "ncd_model_free": [None, OBJECT],
    "ncd_model_save": [c_int, OBJECT, c_char_p, ERROR_OUT],
    "ncd_model_load": [c_int, c_char_p, OBJECT_OUT, ERROR_OUT],
    "ncd_model_dataset": [OBJECT, OBJECT],
    "ncd_model_options_sized": [None, OBJECT, c_void_p, c_size_t],
    "ncd_predict_options_init_sized": [None, c_void_p, c_size_t],
    "ncd_prediction_new": [c_int, OBJECT_OUT],
    "ncd_prediction_free": [None, OBJECT],
    "ncd_model_predict": [c_int, OBJECT, c_void_p, c_size_t, c_void_p, OBJECT,
                          ERROR_OUT],
    "ncd_prediction_n_labels": [c_size_t, OBJECT, c_size_t],
    "ncd_prediction_class": [c_size_t, OBJECT, c_size_t, c_size_t],
    "ncd_prediction_share": [c_double, OBJECT, c_size_t, c_size_t],
    "ncd_prediction_n_neighbors": [c_size_t, OBJECT, c_size_t],
    "ncd_prediction_neighbor": [Neighbor, OBJECT, c_size_t, c_size_t],
}


def _open() -> ctypes.CDLL:
    name = os.environ.get("NCDCLASS_LIBRARY", "libncdclass.so.0")
    try:
        library = ctypes.CDLL(name)
    except OSError as error:
        raise ImportError(f"{error}; install libncdclass, or name the file in the "
                          "environment variable NCDCLASS_LIBRARY") from None
    for function, (result, *parameters) in PROTOTYPES.items():
        getattr(library, function).restype = result
        getattr(library, function).argtypes = parameters
    return library


lib = _open()

class _Cancelled(Exception):
    """A call stopped because its progress function asked it to."""


# enum ncd_status, as what Python calls it; what is not here is a RuntimeError.
_END, _ARGUMENT, _NOMEM, _IO, _INPUT, _CODEC, _MODEL, _NEWER, _CANCELLED = range(1, 10)
_EXCEPTIONS = {_ARGUMENT: ValueError, _NOMEM: MemoryError, _IO: OSError,
               _INPUT: ValueError, _MODEL: ValueError, _NEWER: ValueError,
               _CANCELLED: _Cancelled}


def call(function: str, *arguments: Any) -> None:
    """Calls a function that ends in an ncd_error; raises where it fails."""
    error = Error()
    status = getattr(lib, function)(*arguments, ctypes.byref(error))
    if status != 0:
        message = error.message.decode(errors="backslashreplace")
        raise _EXCEPTIONS.get(status, RuntimeError)(message)


def version() -> str:
    """Version of the library in use."""
    return lib.ncd_version().decode()


def compressors() -> List[str]:
    """Names of the compressors the library was built with."""
    return [lib.ncd_compressor_get(i).contents.name.decode()
            for i in range(lib.ncd_compressor_count())]


def new_struct(kind: Type[Structure], init: str) -> Any:
    """An options struct with the library's defaults."""
    options = kind()
    getattr(lib, init)(ctypes.byref(options), ctypes.sizeof(kind))
    return options


def parse_name(kind: str, name: str) -> int:
    """The number of a name the command has, too: parse_name("vote", "weighted")."""
    name_of = getattr(lib, f"ncd_{kind}_name")
    names: List[str] = []
    while name_of(len(names)):
        names.append(name_of(len(names)).decode())
    if name not in names:
        raise ValueError(f"{kind} is one of {', '.join(names)}, not {name!r}")
    return names.index(name)


def n_threads(n_jobs: Optional[int]) -> int:
    """Threads that scikit-learn's n_jobs stands for; 0 for as many as are useful."""
    if n_jobs is None or n_jobs == -1:
        return 0
    if n_jobs == 0:
        raise ValueError("n_jobs is None, -1, or a number other than 0")
    return n_jobs if n_jobs > 0 else max(1, lib.ncd_default_threads() + 1 + n_jobs)


def call_interruptibly(options: Any, function: str, *arguments: Any) -> None:
    """A long call that takes `options` and can be ended by Ctrl-C.

    Python's own handler would wait for the call to end, so for its length another
    one takes note, and the library asks for the note a few times a second.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        call(function, *arguments)
        return
    interrupts: List[int] = []
    cancelled = False
    options.progress = Progress(lambda *_: len(interrupts))
    signal.signal(signal.SIGINT, lambda number, _: interrupts.append(number))
    try:
        call(function, *arguments)
    except _Cancelled:
        cancelled = True
    finally:
        signal.signal(signal.SIGINT, before)
        options.progress = NO_PROGRESS
    if interrupts:
        before(signal.SIGINT, None)
    if cancelled:
        raise KeyboardInterrupt


class Handle:
    """An object of the library, freed with this one."""

    def __init__(self, pointer: c_void_p, free: str):
        self._as_parameter_ = pointer
        self._free = getattr(lib, free)

    def __del__(self) -> None:
        self._free(self._as_parameter_)
