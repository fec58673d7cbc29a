"""Similar past trials, found by meta-features (paper, section 2.3)."""
