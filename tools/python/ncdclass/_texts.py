# SPDX-License-Identifier: MIT
"""Texts as the library takes them: runs of bytes, and labelled sets of them."""
import ctypes
from typing import Any, Iterable, List, Optional, Union

import numpy as np

from ._library import Handle, Text, call, lib

TextLike = Union[str, bytes]


def to_bytes(text: TextLike) -> bytes:
    """UTF-8 of a str; what os.fsdecode could not decode comes back as it was."""
    if isinstance(text, bytes):
        return text
    if isinstance(text, str):
        return text.encode("utf-8", "surrogateescape")
    raise TypeError(f"a text is str or bytes, not {type(text).__name__}")


def as_text(data: bytes) -> Text:
    """Borrows the bytes, which must outlive the result."""
    return Text(ctypes.cast(ctypes.c_char_p(data), ctypes.c_void_p), len(data))


class Texts:
    """An array of ncd_text, with the bytes it points to."""

    def __init__(self, X: Iterable[TextLike]):
        if isinstance(X, (str, bytes)):
            raise ValueError("expected an iterable of texts, got a single text")
        n_dimensions = getattr(X, "ndim", 1)
        if n_dimensions != 1:
            raise ValueError(f"expected a 1-D array of texts, got {n_dimensions}-D")
        encoded = [to_bytes(text) for text in X]
        self._bytes = b"".join(encoded)
        spans = np.zeros((len(encoded), 2), np.uintp)
        spans[:, 1] = [len(text) for text in encoded]
        start = ctypes.cast(ctypes.c_char_p(self._bytes), ctypes.c_void_p).value or 0
        spans[:, 0] = start + np.cumsum(spans[:, 1]) - spans[:, 1]
        self.array = (Text * len(encoded)).from_buffer(spans.data)

    def __len__(self) -> int:
        return len(self.array)

    @classmethod
    def of(cls, dataset: Any) -> "Texts":
        """Those of a data set, borrowed."""
        texts = cls([])
        n = lib.ncd_dataset_n_texts(dataset)
        texts.array = (Text * n)(*(lib.ncd_dataset_text(dataset, i) for i in range(n)))
        return texts


class Dataset(Handle):
    """Labelled texts in the library's memory."""

    def __init__(self) -> None:
        pointer = ctypes.c_void_p()
        if lib.ncd_dataset_new(ctypes.byref(pointer)) != 0:
            raise MemoryError
        super().__init__(pointer, "ncd_dataset_free")

    def add(self, texts: Texts, labels: Optional[List[Text]] = None) -> None:
        """Copies texts in; without labels, as unlabelled ones."""
        nothing = Text()
        for i, text in enumerate(texts.array):
            call("ncd_dataset_add", self, labels[i] if labels else nothing, text,
                 None, 0)


def labels_of(dataset: Any) -> List[bytes]:
    """Labels in the order of the library's class numbers."""
    return [lib.ncd_dataset_label(dataset, c)
            for c in range(lib.ncd_dataset_n_classes(dataset))]
