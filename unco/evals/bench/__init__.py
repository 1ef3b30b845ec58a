"""Speed, measured side by side in one run: `python -m unco.evals.bench`."""
