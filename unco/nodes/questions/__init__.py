"""What all questions to the MLLM share: the question, the runner that asks it, and the usage of the replies."""
