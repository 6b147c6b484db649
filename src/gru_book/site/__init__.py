"""The site: `build` runs jupyter-book with `extension`, Sphinx's hooks; `tables`, `mathematics` and `assets`
make its pages valid, light and independent of other hosts; `server` serves it.
"""
