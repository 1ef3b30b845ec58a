"""What a person should look at: the review queue and its exchange with labelling tools."""
