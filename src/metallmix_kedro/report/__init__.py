"""A recommendation as data and as what people look at: JSON, page, pictures, terminal.

`recommendation` is the result, its JSON Schema stands beside it; `report`, `pareto_picture`
and `terminal` show it. It may import `decision`, `explanation` and what these stand on.
"""
