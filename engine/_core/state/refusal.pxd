# What an error code says about the request it answers.

# Whether it says that the request was certainly not executed.
cdef bint is_definite(int code) noexcept nogil
# Whether it says that the order meant is not open any more (or cannot be found).
cdef bint says_ended(int code) noexcept nogil
