"""A recommendation as data and as what people look at: JSON, page, pictures, terminal.

`recommendation` is the result, its JSON Schema stands beside it; `parameters` are those of the
decision and of the language model together; `report`, `pareto_picture` and `terminal` show the
result. It may import `decision`, `explanation`, `language_models` and what these stand on.
"""
