# SPDX-License-Identifier: MIT
"""A trained model of the library, and its answers for a batch of texts."""
import ctypes
import os
import tempfile
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from ._library import (Handle, Options, PredictOptions, call,
                       call_interruptibly, lib, new_struct, parse_name)
from ._texts import Dataset, Texts, labels_of


class Model(Handle):
    """Immutable; threads may share it. Pickled as the bytes of a model file."""

    def __init__(self, pointer: ctypes.c_void_p):
        super().__init__(pointer, "ncd_model_free")
        # Borrowed: lives as long as the model.
        self.dataset = ctypes.c_void_p(lib.ncd_model_dataset(self))
        self.n_texts: int = lib.ncd_dataset_n_texts(self.dataset)
        self.labels: List[bytes] = labels_of(self.dataset)

    @classmethod
    def train(cls, dataset: Dataset, options: Options) -> "Model":
        pointer = ctypes.c_void_p()
        call_interruptibly(options, "ncd_model_train", dataset,
                           ctypes.byref(options), ctypes.byref(pointer))
        return cls(pointer)

    def update(self, added: Optional[Dataset], forgotten: Optional[Dataset],
               options: Options) -> "Model":
        """As if trained on the texts of this one less those forgotten, and then on
        those added."""
        pointer = ctypes.c_void_p()
        call_interruptibly(options, "ncd_model_update", self, added, forgotten,
                           ctypes.byref(options), ctypes.byref(pointer))
        return Model(pointer)

    @classmethod
    def load(cls, path: Any) -> "Model":
        pointer = ctypes.c_void_p()
        call("ncd_model_load", os.fsencode(path), ctypes.byref(pointer))
        return cls(pointer)

    def save(self, path: Any) -> None:
        call("ncd_model_save", self, os.fsencode(path))

    def settings(self) -> Dict[str, Any]:
        """What the model was trained with, under the classifier's names."""
        options = new_struct(Options, "ncd_options_init_sized")
        lib.ncd_model_options_sized(self, ctypes.byref(options),
                                    ctypes.sizeof(Options))
        separator = ctypes.string_at(options.separator.bytes, options.separator.nbytes)
        return {
            "compressor": options.compressor.decode(),
            "n_neighbors": options.k,
            "distance": lib.ncd_distance_name(options.distance).decode(),
            "order": lib.ncd_order_name(options.order).decode(),
            "separator": separator.decode("utf-8", "surrogateescape"),
            "vote": lib.ncd_vote_name(options.vote).decode(),
            "method": lib.ncd_method_name(options.method).decode(),
        }

    def predict(self, texts: Texts, k: int, vote: str, threads: int,
                n_candidates: int) -> "Prediction":
        options = new_struct(PredictOptions, "ncd_predict_options_init_sized")
        options.k, options.vote = k, parse_name("vote", vote)
        options.threads, options.n_candidates = threads, n_candidates
        prediction = Prediction(len(texts))
        call_interruptibly(options, "ncd_model_predict", self, texts.array,
                           len(texts), ctypes.byref(options), prediction)
        return prediction

    def __reduce__(self) -> Tuple[Any, ...]:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model")
            self.save(path)
            with open(path, "rb") as file:
                return _unpickle, (file.read(),)

    def __deepcopy__(self, _memo: Any) -> "Model":
        return self


def _unpickle(data: bytes) -> Model:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model")
        with open(path, "wb") as file:
            file.write(data)
        return Model.load(path)


class Prediction(Handle):
    """Answers for n texts. Classes are the library's numbers."""

    def __init__(self, n: int):
        pointer = ctypes.c_void_p()
        if lib.ncd_prediction_new(ctypes.byref(pointer)) != 0:
            raise MemoryError
        super().__init__(pointer, "ncd_prediction_free")
        self.n = n

    def classes(self) -> np.ndarray:
        """The first label's class of each text, shape (n,)."""
        return np.fromiter((lib.ncd_prediction_class(self, i, 0)
                            for i in range(self.n)), np.intp, self.n)

    def shares(self, n_classes: int) -> np.ndarray:
        """Share of the vote, or probability, shape (n, n_classes)."""
        shares = np.zeros((self.n, n_classes))
        for i in range(self.n):
            for rank in range(lib.ncd_prediction_n_labels(self, i)):
                c = lib.ncd_prediction_class(self, i, rank)
                shares[i, c] = lib.ncd_prediction_share(self, i, rank)
        return shares

    def neighbors(self) -> Tuple[np.ndarray, np.ndarray]:
        """Distances and training texts, nearest first, shape (n, k) each."""
        k = lib.ncd_prediction_n_neighbors(self, 0) if self.n else 0
        distances = np.empty((self.n, k))
        indices = np.empty((self.n, k), np.intp)
        for i in range(self.n):
            for j in range(k):
                neighbor = lib.ncd_prediction_neighbor(self, i, j)
                distances[i, j], indices[i, j] = neighbor.distance, neighbor.index
        return distances, indices
