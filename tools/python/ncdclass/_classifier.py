# SPDX-License-Identifier: MIT
"""The classifier, by scikit-learn's conventions."""
import numbers
from typing import Any, Dict, Iterable, List, Optional, Sequence, Tuple, Union

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d

from ._distances import make_options
from ._library import n_threads, parse_name
from ._model import Model, Prediction
from ._texts import Dataset, TextLike, Texts, as_text


class NCDClassifier(ClassifierMixin, BaseEstimator):
    """Classifies texts by what they share with labelled ones, as a compressor sees
    it: k nearest neighbours under the normalized compression distance.

    Parameters
    ----------
    compressor : str, default="gzip"
        A specification ``name[:level][,key=value]...``, for example "zstd:19".
    method : {"knn", "class"}, default="knn"
        "class" learns what the texts of each class are made of instead of
        comparing with each text; its answers are calibrated probabilities. The
        parameters below but `n_jobs` then mean nothing.
    n_neighbors : int, default=5
        Nearest texts that vote. May be changed after `fit`, as may `vote`,
        `n_candidates` and `n_jobs`.
    distance : {"ncd", "cdm", "clm", "cond"}, default="ncd"
    order : {"test-first", "train-first", "mean"}, default="test-first"
        Order in which the two texts are joined.
    separator : str or bytes, default=" "
        What stands between them.
    vote : {"majority", "weighted"}, default="majority"
        One vote each, or 1 / distance.
    n_candidates : int, default=0
        0 for the exact search; otherwise only so many training texts, those that
        share the most with a text, are measured.
    n_jobs : int, default=None
        Threads within one call. None and -1 stand for as many as OMP_NUM_THREADS
        or the cores allow, so that processes started by joblib, which sets that
        variable, share the cores. Results do not depend on it.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted. After `load` they are strings.
    n_texts_ : int
        Number of training texts.

    Notes
    -----
    Neighbours are ordered by distance and then by place in the training data; a
    tied vote goes to the label, among the tied ones, of the nearest neighbour. So
    `predict` may differ from the first maximum of a row of `predict_proba`.

    A process forked after a call of this library may hang in its next one, as with
    any library that uses OpenMP; joblib's default, and multiprocessing's "spawn",
    do not fork.
    """

    def __init__(self, compressor: str = "gzip", *, method: str = "knn",
                 n_neighbors: int = 5, distance: str = "ncd",
                 order: str = "test-first", separator: TextLike = " ",
                 vote: str = "majority", n_candidates: int = 0,
                 n_jobs: Optional[int] = None):
        self.compressor = compressor
        self.method = method
        self.n_neighbors = n_neighbors
        self.distance = distance
        self.order = order
        self.separator = separator
        self.vote = vote
        self.n_candidates = n_candidates
        self.n_jobs = n_jobs

    # --- Training ---

    def fit(self, X: Iterable[TextLike], y: Sequence[Any]) -> "NCDClassifier":
        """Learns from texts X (str or bytes) and their labels y.

        Labels may be numbers or strings. Their str() must differ, be free of
        control characters and not be empty: that is what a model file holds.
        """
        return self._learn(None, X, y, None)

    def partial_fit(self, X: Iterable[TextLike], y: Sequence[Any],
                    classes: Optional[Sequence[Any]] = None) -> "NCDClassifier":
        """Learns from further texts; the result is that of one `fit` on all of
        them in that order, with the settings of the first call.

        classes may name, at the first call, all labels there will be; `classes_`
        otherwise grows with the labels that occur.
        """
        model = getattr(self, "_model", None)
        known = None if classes is None else np.unique(classes)
        if model:
            if known is not None and not np.array_equal(known, self.classes_):
                raise ValueError("classes differ from those of the call before")
            known = self.classes_
        return self._learn(model, X, y, known)

    def forget(self, X: Iterable[TextLike], y: Sequence[Any]) -> "NCDClassifier":
        """Unlearns texts: the result is that of one `fit` on those that are left, with
        the settings of the first call, and `classes_` keeps its labels. Each text
        takes the first one with the same label with it; one that was never learnt is
        a ValueError, and then nothing is forgotten.
        """
        check_is_fitted(self, "_model")
        texts = Texts(X)
        y = column_or_1d(y, warn=True)
        check_consistent_length(texts, y)
        name_of = dict(zip(self.classes_.tolist(), label_names(self.classes_)))
        unknown = [label for label in y.tolist() if label not in name_of]
        if unknown:
            raise ValueError(f"there is no class {unknown[0]!r} to forget a text of")
        dataset = Dataset()
        dataset.add(texts, [as_text(name_of[label]) for label in y.tolist()])
        options, borrowed = self._options()
        self._take(self._model.update(None, dataset, options), self.classes_)
        return self

    def _learn(self, model: Optional[Model], X: Iterable[TextLike], y: Sequence[Any],
               known: Optional[np.ndarray]) -> "NCDClassifier":
        texts = Texts(X)
        y = column_or_1d(y, warn=True)
        check_consistent_length(texts, y)
        if len(texts) == 0:
            raise ValueError("found no texts to learn from")
        check_classification_targets(y)
        occurring, numbers_of = np.unique(y, return_inverse=True)
        classes = occurring if known is None else np.union1d(known, occurring)
        names = label_names(classes)
        name_of = dict(zip(classes.tolist(), names))
        by_number = [as_text(name_of[label]) for label in occurring.tolist()]
        dataset = Dataset()
        dataset.add(texts, [by_number[number] for number in numbers_of])
        options, borrowed = self._options()
        self._take(model.update(dataset, None, options) if model
                   else Model.train(dataset, options), classes)
        return self

    def _options(self) -> Tuple[Any, Any]:
        options, borrowed = make_options(self.compressor, self.distance, self.order,
                                         self.separator)
        options.k = whole(self.n_neighbors, "n_neighbors", 1)
        options.vote = parse_name("vote", self.vote)
        options.threads = n_threads(self.n_jobs)
        options.method = parse_name("method", self.method)
        return options, borrowed

    def _take(self, model: Model, classes: np.ndarray) -> None:
        names = label_names(classes)
        self._model = model
        # From the library's class numbers, by first text, to places in classes_.
        self._places = np.array([names.index(label) for label in model.labels], np.intp)
        self.classes_ = classes
        self.n_texts_ = model.n_texts

    # --- Prediction ---

    def _answer(self, texts: Texts, n_neighbors: int) -> Prediction:
        return self._model.predict(texts, whole(n_neighbors, "n_neighbors", 1),
                                   self.vote, n_threads(self.n_jobs),
                                   whole(self.n_candidates, "n_candidates", 0))

    def predict(self, X: Iterable[TextLike]) -> np.ndarray:
        """Labels of texts, shape (n,)."""
        check_is_fitted(self)
        return self.classes_[self._places[self._answer(Texts(X), self.n_neighbors).classes()]]

    def predict_proba(self, X: Iterable[TextLike]) -> np.ndarray:
        """Each label's share of the vote, or with method="class" its probability,
        shape (n, n_classes), columns as in `classes_`."""
        check_is_fitted(self)
        answer = self._answer(Texts(X), self.n_neighbors)
        proba = np.zeros((answer.n, len(self.classes_)))
        proba[:, self._places] = answer.shares(len(self._places))
        return proba

    def kneighbors(self, X: Optional[Iterable[TextLike]] = None,
                   n_neighbors: Optional[int] = None, return_distance: bool = True
                   ) -> Union[np.ndarray, Tuple[np.ndarray, np.ndarray]]:
        """The nearest training texts, nearest first.

        Parameters
        ----------
        X : iterable of str or bytes
            None for the training texts, each without itself as a neighbour.
        n_neighbors : int
            None for the classifier's.

        Returns
        -------
        distances, indices : ndarrays of shape (n, n_neighbors)
            Indices are places in the training data. Only indices where
            return_distance is false.
        """
        check_is_fitted(self)
        if self.method != "knn":
            raise ValueError(f"method {self.method!r} has no neighbours")
        k = self.n_neighbors if n_neighbors is None else n_neighbors
        limit = self.n_texts_ - (X is None)
        if k > limit:
            raise ValueError(f"n_neighbors is at most {limit} here, not {k}")
        if X is None:
            distances, indices = self._other_neighbors(k)
        else:
            distances, indices = self._answer(Texts(X), k).neighbors()
        return (distances, indices) if return_distance else indices

    def _other_neighbors(self, k: int) -> Tuple[np.ndarray, np.ndarray]:
        texts = Texts.of(self._model.dataset)
        distances, indices = self._answer(texts, k + 1).neighbors()
        keep = indices != np.arange(self.n_texts_)[:, None]
        # Where k + 1 others are as near, the text itself is not among them.
        keep[keep.all(axis=1), -1] = False
        return distances[keep].reshape(-1, k), indices[keep].reshape(-1, k)

    # --- Model files ---

    def save(self, path: Any) -> None:
        """Writes a model file, which `ncdclass predict` reads, too. It holds the
        training texts, and labels as their str()."""
        check_is_fitted(self)
        self._model.save(path)

    @classmethod
    def load(cls, path: Any) -> "NCDClassifier":
        """A classifier from a model file, also one made by `ncdclass train`.
        Labels are str."""
        model = Model.load(path)
        self = cls(**model.settings())
        labels = [label.decode("utf-8", "surrogateescape") for label in model.labels]
        self._take(model, np.unique(labels))
        return self

    # --- What scikit-learn asks of an estimator ---

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "_model")

    def _more_tags(self) -> Dict[str, Any]:
        return {"X_types": ["string"], "requires_y": True}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        return tags


def label_names(classes: np.ndarray) -> List[bytes]:
    """What stands for the labels in the library."""
    names = [label if isinstance(label, bytes)
             else str(label).encode("utf-8", "surrogateescape") for label in classes]
    if b"" in names or len(set(names)) < len(names):
        raise ValueError("labels must differ as strings and not be empty")
    return names


def whole(value: Any, name: str, least: int) -> int:
    """The value, if it is a whole number that the library can take."""
    if not isinstance(value, numbers.Integral) or not least <= int(value) < 2**32:
        raise ValueError(f"{name} is a whole number of at least {least}, not {value!r}")
    return int(value)
