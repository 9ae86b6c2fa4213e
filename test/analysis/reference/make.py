"""
Reference values for the formulas of src/analysis, from scipy and statsmodels. Prints JSON:

    pip install scipy==1.17.1 statsmodels==0.15.0
    python test/analysis/reference/make.py > test/analysis/reference/values.json

Nothing here is Slipway's own arithmetic: each value is what an independent implementation gives, or, where none is at hand
(Fieller, the score bounds), the textbook equation solved numerically by scipy.
"""

import json
import math

import numpy as np
import scipy
import statsmodels
from scipy import optimize, special, stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

CONFIDENCES = [0.9, 0.95, 0.975, 0.9875]


def distributions():
    return {
        "logGamma": [[x, float(special.gammaln(x))] for x in (0.1, 0.5, 1.5, 10, 123.25, 1000.5, 1e6)],
        "incompleteBeta": [
            [x, a, b, float(special.betainc(a, b, x))]
            for x, a, b in ((0.4, 2, 3), (0.1, 0.5, 0.5), (0.999, 2998, 5), (0.998, 50000, 120), (0.3, 12.5, 40.25))
        ],
        "normalQuantile": [[p, float(stats.norm.ppf(p))] for p in (0.6, 0.9, 0.95, 0.975, 0.999, 0.99999)],
        "normalCdf": [[x, float(stats.norm.cdf(x))] for x in (-5.5, -3, -1, 0, 0.5, 1.645, 4)],
        "studentQuantile": [[p, df, float(stats.t.ppf(p, df))] for p in (0.9, 0.95, 0.99) for df in (1, 4, 8, 30, 64)],
    }


def clopper_pearson():
    rows = []
    for events, trials in ((0, 3000), (1, 30), (5, 100), (263, 10000), (29, 30), (30, 30), (3, 1000000)):
        for confidence in CONFIDENCES:
            lower, upper = proportion_confint(events, trials, 2 * (1 - confidence), method="beta")
            lower = 0.0 if events == 0 else float(lower)
            upper = 1.0 if events == trials else float(upper)
            rows.append([events, trials, confidence, lower, upper])
    return rows


PAIRS = ((56, 70, 48, 80), (9, 10, 3, 10), (5, 56, 1, 29), (17, 12000, 9, 12000), (1, 6000, 4, 2000), (300, 40000, 280, 40000), (0, 500, 7, 500))


def score(x1, n1, x0, n0, value, compare):
    """
    Miettinen and Nurminen's statistic. The restricted likelihood is maximised numerically, as a check of the closed forms: the derivative
    of the logarithm of the likelihood falls, so it has one zero. (statsmodels' closed form gives no number for some of these rows.)
    """
    other = (lambda p: p + value) if compare == "diff" else (lambda p: p * value)
    slope = 1 if compare == "diff" else value
    least = max(0.0, -value) if compare == "diff" else 0.0
    most = min(1.0, 1 - value) if compare == "diff" else min(1.0, 1 / value)

    def derivative(p):
        q = other(p)
        return x0 / p - (n0 - x0) / (1 - p) + slope * (x1 / q - (n1 - x1) / (1 - q))

    tiny = 1e-13 * (most - least)
    lo, hi = least + tiny, most - tiny
    p = lo if derivative(lo) <= 0 else hi if derivative(hi) >= 0 else optimize.brentq(derivative, lo, hi, xtol=1e-16, rtol=1e-15)
    q = other(p)
    weight = 1 if compare == "diff" else value * value
    variance = (q * (1 - q) / n1 + weight * p * (1 - p) / n0) * (n1 + n0) / (n1 + n0 - 1)
    gap = x1 / n1 - x0 / n0 - value if compare == "diff" else x1 / n1 - value * x0 / n0
    return gap / math.sqrt(variance)


def away(f, estimate, direction):
    """The zero of f on one side of the estimate: widen until the sign changes, because far out the statistic is not a number."""
    step = 1e-6
    while f(estimate + direction * step) * direction > 0:
        step *= 1.5
    return optimize.brentq(f, *sorted((estimate + direction * step, estimate + direction * step / 1.5)), xtol=1e-14)


def score_bounds(compare):
    """Candidate first: the bounds are those of candidate against baseline."""
    rows = []
    for candidate, candidates, baseline, baselines in PAIRS:
        if compare == "ratio" and (candidate == 0 or baseline == 0):
            continue
        p, q = candidate / candidates, baseline / baselines
        estimate = p - q if compare == "diff" else math.log(p / q)

        def at(x, target):
            value = x if compare == "diff" else math.exp(x)
            return float(score(candidate, candidates, baseline, baselines, value, compare)) - target

        for confidence in CONFIDENCES:
            z = float(stats.norm.ppf(confidence))
            lower = away(lambda x: at(x, z), estimate, -1)
            upper = away(lambda x: at(x, -z), estimate, 1)
            if compare == "ratio":
                lower, upper = math.exp(lower), math.exp(upper)
            rows.append([candidate, candidates, baseline, baselines, confidence, lower, upper])
    return rows


def newcombe():
    """The hybrid of Wilson's bounds, as a check from another school: close to the score bounds, not the same."""
    rows = []
    for candidate, candidates, baseline, baselines in PAIRS:
        lower, upper = confint_proportions_2indep(candidate, candidates, baseline, baselines, method="newcomb", compare="diff", alpha=0.1)
        rows.append([candidate, candidates, baseline, baselines, 0.95, float(lower), float(upper)])
    return rows


def mann_whitney():
    rng = np.random.default_rng(20261128)
    rows = []
    for n, m, shift, digits in ((20, 20, 0.5, 0), (60, 40, 0.0, 1), (200, 300, 0.2, 1), (50, 50, 0.0, 0), (8, 12, 2.0, 3)):
        old = np.round(rng.lognormal(1, 0.6, n) * 3, digits)
        new = np.round(rng.lognormal(1, 0.6, m) * 3 + shift, digits)
        result = stats.mannwhitneyu(new, old, alternative="two-sided", method="asymptotic", use_continuity=True)
        rows.append({"baseline": old.tolist(), "candidate": new.tolist(), "u": float(result.statistic), "p": float(result.pvalue)})
    return rows


def fieller():
    """Roots of (candidate - r baseline)^2 = t^2 Var(candidate - r baseline), found numerically rather than by the closed form."""
    rng = np.random.default_rng(7)
    rows = []
    for slots, deviation, ratio in ((12, 0.1, 1.05), (30, 0.3, 0.9), (60, 0.05, 1.2)):
        old = rng.normal(100, 100 * deviation, slots)
        new = rng.normal(100 * ratio, 100 * ratio * deviation, slots) + 0.5 * (old - 100)
        covariance = np.cov(old, new, ddof=1) / slots
        a, b = float(old.mean()), float(new.mean())
        for confidence in CONFIDENCES:
            t = float(stats.t.ppf(confidence, slots - 1))

            def gap(r, sign):
                contrast = np.array([-r, 1.0])
                return b - r * a - sign * t * math.sqrt(contrast @ covariance @ contrast)

            lower = optimize.brentq(lambda r: gap(r, 1), 0.01, b / a)
            upper = optimize.brentq(lambda r: gap(r, -1), b / a, 100)
            rows.append({"baseline": old.tolist(), "candidate": new.tolist(), "confidence": confidence, "lower": lower, "upper": upper})
    return rows


def quantile_bounds():
    """Order statistics that bound a quantile at least as surely as asked, by the binomial distribution."""
    rows = []
    for n, q in ((3000, 0.5), (3000, 0.95), (3000, 0.99), (600, 0.9)):
        for confidence in (0.95, 0.975):
            rows.append([n, q, confidence, int(stats.binom.ppf(1 - confidence, n, q)), int(stats.binom.ppf(confidence, n, q)) + 1])
    return rows


print(
    json.dumps(
        {
            "scipy": scipy.__version__,
            "statsmodels": statsmodels.__version__,
            **distributions(),
            "clopperPearson": clopper_pearson(),
            "miettinenNurminen": score_bounds("diff"),
            "newcombe": newcombe(),
            "ratioScore": score_bounds("ratio"),
            "mannWhitney": mann_whitney(),
            "fieller": fieller(),
            "quantileBounds": quantile_bounds(),
        },
        indent=1,
    )
)
