"""What the surrogate makes of each feature: SHAP values and their summaries (section 2.2)."""
