"""The index: vectors of every phrasing, title and answer, a FAISS index over them, lexical postings, signals, and the
articles themselves.

`build` makes it, `folder` stores and loads it; `vector_cache` keeps vectors from one build to the next, `nearest` chooses and
makes the FAISS index. An index is a folder `var/index/<version>`, written aside and renamed. The version is a hash of all that
went into it: the same articles give the same version, an edit gives a new one.
"""

from knowledge.index.build import BuildReport, IndexBuilder, build_index
from knowledge.index.centring import Floats, centre, language_means
from knowledge.index.entries import ArticleTexts, Entry, Kind, entries_of
from knowledge.index.folder import Index, IndexMissingError, load_index
from knowledge.index.nearest import make_faiss
from knowledge.index.vector_cache import EncodesText, VectorCache

__all__ = [
    "ArticleTexts", "BuildReport", "EncodesText", "Entry", "Floats", "Index", "IndexBuilder", "IndexMissingError", "Kind",
    "VectorCache", "build_index", "centre", "entries_of", "language_means", "load_index", "make_faiss",
]  # fmt: skip
