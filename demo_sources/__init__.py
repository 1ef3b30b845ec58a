"""What makes the demo, and is not needed to run it: its drawn pictures, and the recording of its authored answers."""
