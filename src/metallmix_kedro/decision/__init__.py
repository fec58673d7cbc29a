"""From a scored space to a short list, a Pareto front and the evidence (section 2.4).

`scoring` predicts, `portfolio` and `pareto` pick, `prospects` says what to expect and what was
tried, `gather` makes the evidence of it. It may import `surrogate`, `retrieval`,
`attribution`, what these stand on, and `explanation.evidence`; it asks no language model.
"""
