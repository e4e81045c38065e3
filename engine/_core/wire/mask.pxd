# XOR masking of WebSocket payloads (RFC 6455, section 5.3).
cdef enum:
    MASK_KEY_SIZE = 4          # bytes of a masking key


# Write the n masked bytes of `text` to `out`; the two may be the same place, else they
# must not overlap. Neither needs to be aligned. Masking twice gives the text back.
cdef void mask_bytes(
    char* out, const char* text, Py_ssize_t n, const char* key) noexcept nogil
