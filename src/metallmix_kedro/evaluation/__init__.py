"""Methods compared on datasets left out, and the judge (paper, section 3).

The protocol stands in ``docs/evaluation_protocol.md``.
"""
