"""Figures: `style` has colours and defaults, `diagrams` arrows and boxes, every other file one page's figures."""
