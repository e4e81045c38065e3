"""What an error code of the venue says about the order request it answers.

Source: docs.deribit.com, error codes and order management, seen 2026-08-22.
"""

# Refusals that certainly did not execute. Everything else (10001, 10050, 11030, 11031,
# 11094, 13028, and any code we do not know) leaves the outcome open: ask.
cdef int[82] DEFINITE = [
    -32700, -32602, -32601, -32600, -32000, 10000, 10002, 10003, 10004, 10005, 10006,
    10007, 10009, 10010, 10011, 10012, 10013, 10014, 10015, 10016, 10017, 10018, 10019,
    10020, 10021, 10022, 10023, 10024, 10025, 10026, 10027, 10028, 10029, 10030, 10031,
    10032, 10033, 10034, 10035, 10036, 10037, 10038, 10039, 10040, 10041, 10043, 10044,
    10047, 10048, 10066, 10072, 11008, 11013, 11021, 11022, 11029, 11035, 11036, 11037,
    11038, 11039, 11042, 11043, 11044, 11049, 11050, 11051, 11054, 11055, 11059, 11098,
    13009, 13019, 13020, 13021, 13030, 13403, 13503, 13666, 13777, 13888, 13901]


cdef bint is_definite(int code) noexcept nogil:
    cdef int i
    for i in range(82):
        if DEFINITE[i] == code:
            return True
    return False


cdef bint says_ended(int code) noexcept nogil:
    # order_not_found, already_closed, already_filled, not_open_order; and 11054 on an
    # edit, which in reject mode has cancelled the resting order.
    return code in (10004, 10010, 11008, 11044, 11054)


def verdict(int code):
    """Return "ended", "refused" or "unclear" for an error that answers an edit.

    "ended": the order is not open any more, or cannot be found. "refused": nothing was
    done. "unclear": it may have been done; a code we do not know is unclear.
    """
    if says_ended(code):
        return "ended"
    return "refused" if is_definite(code) else "unclear"
