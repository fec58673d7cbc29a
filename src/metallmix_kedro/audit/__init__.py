"""What every run leaves behind, and the proof that a recorded recommendation can be repeated."""
