"""Options priced by adding up what they pay, slice by slice of a lognormal forward."""

import math

SLICES = 4_000
REACH = 10.0  # standard deviations


def expected_payoff(forward, strike, years, vol, is_call):
    """Return the mean of the payoff at expiry: Simpson's rule on both of its sides."""
    deviation = vol * math.sqrt(years)

    def integrand(z):
        end = forward * math.exp(deviation * z - deviation**2 / 2.0)
        paid = max(0.0, end - strike if is_call else strike - end)
        return paid * math.exp(-z * z / 2.0) / math.sqrt(2.0 * math.pi)

    # The payoff has its kink where the forward ends at the strike; integrate around it.
    kink = (math.log(strike / forward) + deviation**2 / 2.0) / deviation
    kink = min(max(kink, -REACH), REACH)
    return _simpson(integrand, -REACH, kink) + _simpson(integrand, kink, REACH)


def _simpson(function, low, high):
    width = (high - low) / SLICES
    total = function(low) + function(high)
    for n in range(1, SLICES):
        total += function(low + n * width) * (4 if n % 2 else 2)
    return total * width / 3.0
