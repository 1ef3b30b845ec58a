"""What all questions to the MLLM share: the question, how it is asked, and what is noted of the answer."""
