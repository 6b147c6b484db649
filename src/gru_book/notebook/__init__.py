"""What the cells of a page say about their page.

`parameters`: the parameters cell, checked. `report`: numbers to quote (glue) and claims. `artifacts`: files for other
pages. `tables`: tables that readers can sort. `source`: code of the package, shown as it stands.
"""
