"""Trying configurations on the target itself until the time one has is used.

`foresight` says what is to be expected of a configuration (all that is asked of `decision` and
`surrogate`), `pace` how long it will take, `scheduler` which trial comes next, `trials` trains and
keeps it, `search` puts them together. It may import what `trained` may.
"""
