# Memory brought into the nearest cache before use. Changes nothing, never faults.

cdef extern from *:
    """
    #include <stdint.h>

    static inline void halfspread_prefetch(
            const void *memory, Py_ssize_t n, int is_written) {
        const char *at = (const char *)((uintptr_t)memory & ~(uintptr_t)63);
        const char *end = (const char *)memory + n;
        for (; at < end; at += 64) {
            if (is_written) __builtin_prefetch(at, 1, 3);
            else __builtin_prefetch(at, 0, 3);
        }
    }

    #define halfspread_near(memory, n) halfspread_prefetch((memory), (n), 0)
    #define halfspread_near_to_write(memory, n) halfspread_prefetch((memory), (n), 1)
    #define halfspread_near_object(o) halfspread_near((o), Py_TYPE(o)->tp_basicsize)
    """
    # n bytes from there on. Cost: an instruction or two a line of the cache.
    void near "halfspread_near"(const void* memory, Py_ssize_t n) noexcept nogil
    # The same, to be written: nobody else's copy is good any more.
    void near_to_write "halfspread_near_to_write"(
        void* memory, Py_ssize_t n) noexcept nogil
    # All fields of an object, not what they point to.
    void near_object "halfspread_near_object"(object o) noexcept
