"""The eight pipelines, one a section of the paper."""
