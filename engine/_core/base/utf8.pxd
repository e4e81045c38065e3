# Strict UTF-8 (RFC 3629): no overlong form, no surrogate, nothing above U+10FFFF.

# Step over one sequence of two bytes or more; NULL when [p, end) begins with none.
cdef const char* skip_utf8(const char* p, const char* end) noexcept nogil

# Whether the n bytes at p are UTF-8; nothing outside of them is read.
cdef bint is_utf8(const char* p, Py_ssize_t n) noexcept nogil
