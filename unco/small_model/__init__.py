"""Stage 1: the small fine-tuned model and its uncertainty estimates."""
