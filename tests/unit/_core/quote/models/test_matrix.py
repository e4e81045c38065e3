"""Eigenvalues and square root of small symmetric matrices, against LAPACK's."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine._core.quote.models.matrix import ASSETS_LIMIT, eigenvalues, matrix_root


@st.composite
def covariances(draw):
    """Draw a covariance of any rank and any scale of its rows."""
    n = draw(st.integers(1, ASSETS_LIMIT))
    rank = draw(st.integers(1, n))
    dice = np.random.default_rng(draw(st.integers(0, 2**32)))
    factor = dice.normal(size=(n, rank))
    scale = 10.0 ** dice.uniform(-draw(st.sampled_from([0, 3])), 3, size=n)
    factor *= scale[:, None]
    both = factor @ factor.T
    return (both + both.T) / 2


@given(matrix=covariances())
def test_eigenvalues_are_lapacks(matrix):
    found = eigenvalues(matrix.tolist())
    expected = np.linalg.eigvalsh(matrix)
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-13 * expected[-1])


@given(matrix=covariances())
def test_the_root_is_symmetric_and_its_square_is_the_matrix(matrix):
    root = np.array(matrix_root(matrix.tolist()))
    assert np.array_equal(root, root.T)
    assert np.abs(root @ root - matrix).max() <= 1e-13 * np.abs(matrix).max()
    assert np.linalg.eigvalsh(root)[0] >= -1e-7 * np.abs(root).max()


def test_largest_size_and_one_past():
    n = ASSETS_LIMIT
    matrix = [[1.0 if i == j else 0.5 for j in range(n)] for i in range(n)]
    assert eigenvalues(matrix)[-1] == pytest.approx(1 + 0.5 * (n - 1))
    with pytest.raises(ValueError, match="1 to 8 rows"):
        eigenvalues([[0.0] * (n + 1)] * (n + 1))
    with pytest.raises(ValueError, match="1 to 8 rows"):
        eigenvalues([])


@pytest.mark.parametrize("size", [1, 2, 5])
def test_zero_and_one_are_their_own_roots(size):
    for matrix in (np.zeros((size, size)), np.eye(size)):
        assert matrix_root(matrix.tolist()) == matrix.tolist()


def test_what_is_below_zero_counts_as_zero():
    assert matrix_root([[-4.0, 0.0], [0.0, 9.0]]) == [[0.0, 0.0], [0.0, 3.0]]


@pytest.mark.parametrize(
    "matrix",
    [
        [[1.0, 2.0]],
        [[1.0, 0.5], [0.4, 1.0]],
        [[math.nan]],
        [[1.0, math.inf], [math.inf, 1.0]],
    ],
)
def test_what_is_no_symmetric_matrix_is_refused(matrix):
    with pytest.raises(ValueError, match="matrix must be"):
        eigenvalues(matrix)
    with pytest.raises(ValueError, match="matrix must be"):
        matrix_root(matrix)
