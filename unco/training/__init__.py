"""Training of a checkpoint: the trainer, the calibration of uncertainties, the model card and its scores."""
