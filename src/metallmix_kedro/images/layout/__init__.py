"""Which files of a folder are a dataset's images, and which class each of them has.

Modules: `listing` (what lies there), `tree` (folders, and the images below them), `structure`
(which folders are classes), `twins` (folders that hold the same images again), `pattern` (the
reading that a user asks for), `labels_csv` (labels from a table), `tables` (tables that nobody
named), `asking` (what can be read in two ways), `labelling` (all of it together).
"""
