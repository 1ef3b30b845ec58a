"""What makes a checkpoint: the trainer, the calibration of its uncertainties, its card and its scores."""
