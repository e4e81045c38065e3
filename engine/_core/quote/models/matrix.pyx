"""Small symmetric matrices: what a quote in several instruments needs of algebra.

Jacobi's method: each step turns the plane of two axes so that the cell they share
becomes zero; a few sweeps over all pairs leave the eigenvalues on the diagonal. It is
exact to rounding for the small matrices here, needs no library, and its cost is known.

Source: G. H. Golub and C. F. Van Loan, Matrix Computations, 4th ed., 2013, section 8.5.
"""

from libc.math cimport fabs, isfinite, sqrt
from libc.string cimport memset

ASSETS_LIMIT = ASSETS_MAX


cdef inline void turn(
        int n, int p, int q, double* a, double* vectors) noexcept nogil:
    """Zero the cell of axes p and q by a rotation, 8.5.2 of the source."""
    cdef double apq = a[p * n + q]
    cdef double theta = (a[q * n + q] - a[p * n + p]) / (2.0 * apq)
    # The smaller of the two angles, so that what is small stays small.
    cdef double t = (1.0 if theta >= 0.0 else -1.0) / (
        fabs(theta) + sqrt(theta * theta + 1.0))
    cdef double c = 1.0 / sqrt(t * t + 1.0), s, x, y
    cdef int i
    s = t * c
    a[p * n + p] -= t * apq
    a[q * n + q] += t * apq
    a[p * n + q] = a[q * n + p] = 0.0
    for i in range(n):
        if i != p and i != q:
            x, y = a[i * n + p], a[i * n + q]
            a[i * n + p] = a[p * n + i] = c * x - s * y
            a[i * n + q] = a[q * n + i] = s * x + c * y
        x, y = vectors[i * n + p], vectors[i * n + q]
        vectors[i * n + p] = c * x - s * y
        vectors[i * n + q] = s * x + c * y


cdef bint diagonalise(
        int n, double* a, double* values, double* vectors) noexcept nogil:
    cdef int i, p, q, _sweep
    cdef bint is_done
    memset(vectors, 0, n * n * sizeof(double))
    for i in range(n):
        vectors[i * n + i] = 1.0
    for i in range(n * n):
        if not isfinite(a[i]):
            return False
    for _sweep in range(SWEEPS_MAX):
        is_done = True
        for p in range(n):
            for q in range(p + 1, n):
                # Too small to change either of its two diagonal cells: it is zero.
                if (fabs(a[p * n + p]) + fabs(a[p * n + q]) == fabs(a[p * n + p])
                        and fabs(a[q * n + q]) + fabs(a[p * n + q])
                        == fabs(a[q * n + q])):
                    continue
                turn(n, p, q, a, vectors)
                is_done = False
        if is_done:
            for i in range(n):
                values[i] = a[i * n + i]
            return True
    return False


cdef bint square_root(int n, double* a, double* root) noexcept nogil:
    cdef double[ASSETS_MAX] values
    cdef double[CELLS_MAX] vectors
    cdef double total
    cdef int i, j, m
    if not diagonalise(n, a, values, vectors):
        return False
    for i in range(n):
        values[i] = sqrt(values[i]) if values[i] > 0.0 else 0.0
    for i in range(n):
        for j in range(i, n):
            total = 0.0
            for m in range(n):
                total += vectors[i * n + m] * values[m] * vectors[j * n + m]
            root[i * n + j] = root[j * n + i] = total
    return True


cdef int read(rows, double* out) except -1:
    """Copy a symmetric matrix; return its size."""
    cdef int n = len(rows), i, j
    if not 1 <= n <= ASSETS_MAX or any(len(row) != n for row in rows):
        raise ValueError(f"a matrix must be square, 1 to {ASSETS_MAX} rows: {rows!r}")
    for i in range(n):
        for j in range(n):
            if rows[i][j] != rows[j][i]:
                raise ValueError(f"a matrix must be symmetric and finite: {rows!r}")
            out[i * n + j] = rows[i][j]
    return n


def eigenvalues(rows):
    """Return the eigenvalues of a symmetric matrix, smallest first.

    Raises:
        ValueError: not square, not symmetric, not finite, or too large.
    """
    cdef double[CELLS_MAX] a
    cdef double[CELLS_MAX] vectors
    cdef double[ASSETS_MAX] values
    cdef int n = read(rows, a), i
    if not diagonalise(n, a, values, vectors):
        raise ValueError(f"a matrix must be symmetric and finite: {rows!r}")
    return sorted(values[i] for i in range(n))


def matrix_root(rows):
    """Return the symmetric square root of a symmetric matrix, row by row.

    Eigenvalues below 0 count as 0.

    Raises:
        ValueError: not square, not symmetric, not finite, or too large.
    """
    cdef double[CELLS_MAX] a
    cdef double[CELLS_MAX] root
    cdef int n = read(rows, a), i, j
    if not square_root(n, a, root):
        raise ValueError(f"a matrix must be symmetric and finite: {rows!r}")
    return [[root[i * n + j] for j in range(n)] for i in range(n)]
