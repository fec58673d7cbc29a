"""What all rooms lean on: errors, optional imports, the base of parameter models.

Also files that appear whole, YAML that people write, and figures to draw on. It imports no
other room.
"""
