"""Components that are live in the page, on the site and in JupyterLab."""
