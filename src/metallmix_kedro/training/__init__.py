"""One trial: a backbone with a new head, trained on splits of one dataset (section 2.1).

`networks` and `features` make what is trained and what it is trained on, `heads`,
`fine_tuning` and `fitting` train it, `outcome` and `metrics` say what came of it. It may
import `backbones`, `search_space` and `support`, and knows nothing of the grid.
"""
