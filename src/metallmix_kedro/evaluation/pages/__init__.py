"""The comparison as people read it: report, page and pictures.

It may import all of `evaluation` and `support`.
"""
