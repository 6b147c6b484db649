"""Components that are live in the page, one JavaScript file each.

`components` gives them to the site and to JupyterLab, `jupyter` is the explorer for your own model, `markup` the
elements of a page, `conformance` answers of Python that the browser has to repeat.
"""
