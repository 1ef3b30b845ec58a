"""Stage 1: the small fine-tuned model and how it says that it is unsure."""
