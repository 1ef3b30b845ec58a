"""Estimators of uncertainty, one a file: entropy, MC dropout, and what is learned on top of them."""
