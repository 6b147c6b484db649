"""Components that are live in the page, one JavaScript file each (`playground.js`, `explorer.js`).

They share `dom.js` (elements), `forward.js` (a GRU's forward pass) and `mount.js` (their place in the page).

`components` gives them to the site and to JupyterLab, `jupyter` is the explorer for your own model, `markup` the
elements of a page, `conformance` answers of Python that the browser has to repeat.
"""
