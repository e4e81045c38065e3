"""Names of the core's fault codes, for logs and errors; the codes are in check.pxd."""

FAULT_NAMES = {
    FAULT_NONE: "none",
    FAULT_INDEX: "index",
    FAULT_ORDER_TRANSITION: "order_transition",
    FAULT_BOOK_LADDER: "book_ladder",
    FAULT_BUFFER: "buffer",
    FAULT_FUSE_SIZE: "fuse_size",
    FAULT_FUSE_PRICE: "fuse_price",
    FAULT_FUSE_EXPOSURE: "fuse_exposure",
    FAULT_FUSE_SELF_CROSS: "fuse_self_cross",
    FAULT_FUSE_RATE: "fuse_rate",
    FAULT_SLOT: "slot",
    FAULT_SESSION: "session",
    FAULT_OPERATOR: "operator",
    FAULT_FUSE_STANCE: "fuse_stance",
}


cpdef str fault_name(int code):
    """Return the name of a fault code, ``fault_<n>`` for one without a name."""
    return FAULT_NAMES.get(code, f"fault_{code}")
