# Black-76 on a forward: prices in USD and in the coin, greeks of the coin price.


cdef struct Greeks:
    double price               # coin for each coin of the option's amount
    double delta               # d price / d forward, coin per quote currency
    double gamma               # d delta / d forward
    double vega                # d price / d volatility (of 1.0, not of a point)
    double theta               # d price / d calendar time, a year
    double net_delta           # forward * delta: coins to hedge, a coin of the option


cdef double normal_cdf(double x) noexcept nogil
cdef double normal_pdf(double x) noexcept nogil

# Both for forward > 0, strike > 0, volatility >= 0, years >= 0; see the .pyx.
cdef double black76(
    double forward, double strike, double sigma, double years, bint is_call
    ) noexcept nogil
cdef void coin_greeks_of(
    double forward, double strike, double sigma, double years, bint is_call,
    Greeks* out) noexcept nogil
