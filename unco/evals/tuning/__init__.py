"""Threshold tuning: record answers once, choose thresholds without further calls, write a policy with its promises."""
