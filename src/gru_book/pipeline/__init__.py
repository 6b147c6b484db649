"""The way from a manuscript to an executed notebook and to the site, and the command line for it."""
