"""Every operator of the corpus."""

from tests.studies.corpus import (
    attention,
    images,
    norms,
    places,
    points,
    pooling,
    products,
    rows,
    sums,
)

OPERATORS = (
    *sums.OPERATORS,
    *rows.OPERATORS,
    *norms.OPERATORS,
    *products.OPERATORS,
    *attention.OPERATORS,
    *images.OPERATORS,
    *pooling.OPERATORS,
    *points.OPERATORS,
    *places.OPERATORS,
)
