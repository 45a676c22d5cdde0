# SPDX-License-Identifier: MIT
"""Text classification by compression, over the shared library libncdclass.

    >>> from ncdclass import NCDClassifier, ncd, pairwise_ncd
    >>> clf = NCDClassifier(n_neighbors=1).fit(texts, labels)
    >>> clf.predict(["goal in the last minute"])

Texts are str or bytes; a str stands for its UTF-8 bytes. Every call into the
library lets other Python threads run, and uses all cores by itself.
"""
from typing import TYPE_CHECKING, Any, List

from ._distances import ncd, pairwise_ncd
from ._library import compressors, version

if TYPE_CHECKING:
    from ._classifier import NCDClassifier

__version__ = version()
__all__ = ["NCDClassifier", "compressors", "ncd", "pairwise_ncd"]


def __getattr__(name: str) -> Any:
    # scikit-learn takes a second to import, and distances don't need it.
    if name == "NCDClassifier":
        from ._classifier import NCDClassifier
        return NCDClassifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> List[str]:
    return sorted(set(globals()) | set(__all__))
