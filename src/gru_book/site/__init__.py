"""The site: Sphinx's extension, formulas, assets, the build."""
