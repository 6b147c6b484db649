"""Figures: `style` has colours and defaults, `diagrams` arrows, and every other file the figures of one page."""
