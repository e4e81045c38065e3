# Small symmetric matrices, row by row in plain arrays: eigenvalues and square root.

cdef enum:
    ASSETS_MAX = 8                  # rows of a matrix
    CELLS_MAX = ASSETS_MAX * ASSETS_MAX
    SWEEPS_MAX = 30                 # over all off-diagonal cells; about 6 are needed


# Eigenvalues of a symmetric n x n matrix, in no order, and its eigenvectors as columns.
# `a` is used up. False: not finite, or not done after SWEEPS_MAX sweeps.
cdef bint diagonalise(
    int n, double* a, double* values, double* vectors) noexcept nogil
# The symmetric square root; eigenvalues below 0 count as 0. `a` is used up.
cdef bint square_root(int n, double* a, double* root) noexcept nogil
