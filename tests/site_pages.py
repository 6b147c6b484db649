"""What the site should hold, read from `_toc.yml` and `_config.yml`."""

from urllib.parse import urlsplit

import yaml

from gru_book.files import CHECKOUT
from gru_book.site.extension import site_address

CONFIG = yaml.safe_load((CHECKOUT / "_config.yml").read_text(encoding="utf-8"))
TOC = yaml.safe_load((CHECKOUT / "_toc.yml").read_text(encoding="utf-8"))

REPOSITORY = CONFIG["repository"]["url"]  # empty until somebody sets it
PREFIX = urlsplit(CONFIG["html"]["baseurl"] or (REPOSITORY and site_address(REPOSITORY))).path or "/"
PAGES = [TOC["root"]] + [chapter["file"] for part in TOC["parts"] for chapter in part["chapters"]]
CHAPTERS = [page for page in PAGES if page.startswith("notebooks/")]
MADE = ["search", "genindex"]
