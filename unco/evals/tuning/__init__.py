"""Thresholds: recorded once, chosen at no further calls, written down as a policy with what it promises."""
