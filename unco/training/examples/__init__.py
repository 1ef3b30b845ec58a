"""What is learned from: posts of the data set and of other sources, joined, and as batches of tensors."""
