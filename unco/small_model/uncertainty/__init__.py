"""Uncertainty estimation: entropy, Monte Carlo dropout, and learned estimators on top of them."""
