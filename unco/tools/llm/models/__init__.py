"""What differs from one model to the next: settings of the user's own, and what whole families need."""
