"""From manuscript to executed notebook. README.md has the map."""
