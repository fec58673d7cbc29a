"""Trying configurations on the target itself until the time one has is used.

`scheduler` says which trial comes next and knows neither networks nor clocks, `foresight` what is
to be expected of a configuration (all that is asked of `decision` and `surrogate`), `pace` how long
it will take, `trials` trains and keeps it, `display` shows it, `search` puts them together. It may
import what `trained` may.
"""
