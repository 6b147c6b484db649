"""Sphinx extension of the book's site: self-hosted, light, and with every address derived from one setting.

The one setting is `repository.url` in `_config.yml`. From it follow the site's own address (GitHub Pages, unless
`html.baseurl` says otherwise), the buttons for source, issues, edits and launches, the sitemap and the social
previews. Where it is empty the site has none of these, and works at any address.
"""

import re
import shutil
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from docutils import nodes
from myst_nb.core.variables import RetrievalError
from myst_nb.ext.glue.roles import PasteTextRole
from myst_nb.ext.glue.utils import retrieve_glue_data
from sphinx.application import Sphinx
from sphinx.errors import ConfigError
from sphinx.util import logging

from gru_book.site.assets import lighten
from gru_book.site.mathematics import set_mathematics
from gru_book.site.tables import correct_tables
from gru_book.web import components

logger = logging.getLogger(__name__)

SIDEBAR = '<div id="pst-primary-sidebar"'  # with the book's title, which is in no landmark

# Inline scripts and the search of the theme use these while the page is read.
NEEDED_AT_ONCE = ("documentation_options.js", "doctools.js", "sphinx_highlight.js")

# The theme's own script does the same, but only after the page has been drawn.
SET_THEME = (
    "(d => { if (d.theme !== 'light' && d.theme !== 'dark') d.theme = "
    "matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'; })(document.documentElement.dataset);"
)

# Hosts whose buttons the theme makes: what it calls them, and how the address of an edit goes on.
HOSTS = {"github.com": ("GitHub", "edit"), "gitlab.com": ("GitLab", "-/edit")}

ONLY_FROM_GITHUB = ("colab_url", "deepnote_url")

# An element of a page that a component from gru_book.web fills; shown code has &quot; in place of the quotes.
COMPONENT = re.compile(r'<[^>]*\bdata-gru-book="([^"]*)"')

ASSETS = "assets"  # below _static/

FIRST_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="0; url={first}">
<link rel="canonical" href="{first}">
<link rel="icon" href="data:,">
<title>{title}</title>
</head>
<body><main><h1>{title}</h1><p><a href="{first}">The first page</a></p></main></body>
</html>
"""

NOT_FOUND = (
    "<h1>There is no such page</h1><p>It may have moved. The list beside this text has all pages, "
    'and the <a href="{prefix}search.html">search</a> finds words in them.</p>'
)


def site_address(repository: str) -> str:
    """Return the GitHub Pages address (ending in `/`) of a repository such as `https://github.com/owner/name`.

    Empty for a repository elsewhere: its site may be anywhere. Raises `ConfigError` where `repository` is not of that
    form.
    """
    parts = urlsplit(repository.removesuffix("/").removesuffix(".git"))
    path = parts.path.strip("/").split("/")
    if parts.scheme != "https" or not parts.netloc or len(path) != 2 or not all(path):
        raise ConfigError(f"_config.yml: repository.url must be https://HOST/OWNER/NAME, not {repository!r}")
    if parts.hostname != "github.com":
        return ""
    owner, name = path
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if name.lower() == host else f"https://{host}/{name}/"


def set_addresses(app: Sphinx, config) -> None:
    """Derive the site's own address and its buttons from `repository.url`; without it there are none."""
    repository = config.html_theme_options.get("repository_url", "").removesuffix("/").removesuffix(".git")
    pages = site_address(repository) if repository else ""
    own = config.html_baseurl or pages
    if own:
        config.html_baseurl = config.ogp_site_url = own.rstrip("/") + "/"
    else:
        config.suppress_warnings = [*config.suppress_warnings, "sitemap.configuration"]  # that there is none
    config.notfound_urls_prefix = urlsplit(config.html_baseurl).path or "/"
    config.notfound_context = {
        "title": "Page not found",
        "body": NOT_FOUND.format(prefix=config.notfound_urls_prefix),
    }
    set_buttons(config, repository)


def set_buttons(config, repository: str) -> None:
    """Configure the theme's buttons that lead to `repository`; an empty text is none."""
    options, host = config.html_theme_options, urlsplit(repository).hostname
    known = host in HOSTS
    options |= dict.fromkeys(("use_repository_button", "use_issues_button", "use_edit_page_button"), known)
    options["repository_url"] = repository if known else ""  # the theme stops at a host that it does not know
    launches = options.get("launch_buttons", {}) if known else {}
    options["launch_buttons"] = {
        name: value for name, value in launches.items() if host == "github.com" or name not in ONLY_FROM_GITHUB
    }
    if not known:
        config.html_context |= {"other_repository": repository}
        return
    provider, edit = HOSTS[host]
    branch = options.get("repository_branch") or "main"
    # A chapter's source is its manuscript in book/; the notebook beside it is made from that.
    file_name = "{{ file_name | replace('notebooks/', 'book/') | replace('.ipynb', '.md') }}"
    config.html_context |= {
        "edit_page_url_template": f"{repository}/{edit}/{branch}/{file_name}",
        "edit_page_provider_name": provider,
        "followed_branch": branch,
    }
    # Colab and Binder open what stays as it is; edits start from a branch, and a hub follows one.
    options["repository_branch"] = config.notebook_revision or branch


def drop_previews(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Leave out the social previews, which name the page's own address, where the site has none."""
    if not app.config.html_baseurl:
        context["meta"] = {**(context.get("meta") or {}), "ogp_disable": True}


def add_repository_button(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Add the button to a repository on a host that the theme does not know."""
    if context.get("other_repository") and "header_buttons" in context:
        button = {"type": "link", "text": "", "tooltip": "Source repository", "label": "source-repository-button"}
        context["header_buttons"].insert(0, button | {"url": context["other_repository"], "icon": "fas fa-code-branch"})


def add_hub_button(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Add JupyterHub to a chapter's launch buttons; `book.js` asks readers for the address of their hub, once."""
    group = next((b for b in context.get("header_buttons", []) if b.get("label") == "launch-buttons"), None)
    if group is None:
        return
    repository = app.config.html_theme_options["repository_url"]
    name = repository.rsplit("/", 1)[1]
    query = {
        "repo": repository,
        "branch": context["followed_branch"],
        "urlpath": f"lab/tree/{name}/{pagename}.ipynb",
    }
    path = "hub/user-redirect/git-pull?" + urlencode(query)
    group["tooltip"] = "Open this page in Colab, Binder or JupyterHub"
    group["buttons"] += [
        {
            "type": "javascript",
            "text": "JupyterHub",
            "tooltip": "Open on your own JupyterHub",
            "icon": "_static/images/logo_jupyterhub.svg",
            "javascript": f"openOnHub('{path}')",
            "label": "launch-jupyterhub",
        },
        {
            "type": "javascript",
            "text": "Another hub …",
            "tooltip": "Change the address of your JupyterHub",
            "icon": "fas fa-pencil-alt",
            "javascript": f"openOnHub('{path}', true)",
            "label": "launch-other-hub",
        },
    ]


def correct_bibliography(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Give the entries of a bibliography the role that a list's items have."""
    body = context.get("body", "")
    if "citation-list" in body:
        context["body"] = body.replace('role="doc-biblioentry"', 'role="listitem"')


def correct_displayed_tables(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Make the tables in HTML that cells displayed valid, and simple for screen readers."""
    styles = ""
    for output in doctree.findall(nodes.raw):
        if "text_html" in output["classes"] and "<table" in output.astext():
            corrected, style = correct_tables(output.astext())
            output[:] = [nodes.Text(corrected)]
            styles += style
    doctree["table_styles"] = styles


def add_table_styles(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Put the style sheets of displayed tables where HTML allows them: in the page's head."""
    if doctree and doctree.get("table_styles"):
        context["metatags"] = context.get("metatags", "") + doctree["table_styles"]


class GluedText(PasteTextRole):
    """``{glue:text}`name` `` as `gru_book.notebook.report.glue` wrote it.

    myst-nb's own role evaluates what looks like Python: 0.870 would lose its last digit, 98,688 become a tuple.
    """

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Return the text; whatever is not simply the name of a text of this page goes to myst-nb's role."""
        try:
            text = retrieve_glue_data(self.document, self.text).data["text/plain"]
        except (KeyError, RetrievalError):
            return super().run()
        if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"":
            return super().run()
        node = nodes.inline(text, text, classes=["pasted-text"])
        self.set_source_info(node)
        return [node], []


def drop_unused(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Leave out thebe, which jupyter-book loads on every page, and MathJax, whose work is done when a page is built."""

    def is_unused(asset) -> bool:
        body = (getattr(asset, "attributes", None) or {}).get("body") or ""
        return re.search("thebe|mathjax", f"{getattr(asset, 'filename', asset) or ''} {body}", re.IGNORECASE)

    for key in ("script_files", "css_files"):
        context[key][:] = [asset for asset in context[key] if not is_unused(asset)]


def mark_claims(app: Sphinx, doctree: nodes.document) -> None:
    """Give the line that `gru_book.notebook.report.verdict` displays its own look."""
    looks = {"✔": "claim-shown", "✘": "claim-contradicted", "?": "claim-undecided"}
    for output in doctree.findall(lambda node: isinstance(node, nodes.container) and "mime_type" in node):
        for paragraph in output.findall(nodes.paragraph):
            mark = paragraph.astext()[:2].strip()
            if mark in looks and not isinstance(paragraph.parent, nodes.entry):
                paragraph["classes"] += ["claim", looks[mark]]


def page_assets(pagename: str, root: Path) -> list[Path]:
    """Return the files that the components of a page fetch: `notebooks/artifacts/PAGE/web/`; none for most pages.

    The site has them at `_static/assets/PAGE/`, where no page loads them before a component asks.
    """
    folder = root / "notebooks/artifacts" / Path(pagename).name / "web"
    return sorted(file for file in folder.glob("*") if file.is_file())


def write_components(app: Sphinx) -> None:
    """Write the interactive components; before the pages, whose links to them carry a hash of the file."""
    if app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static" / ASSETS
    folder.mkdir(parents=True, exist_ok=True)
    for name in components.components():
        (folder / f"{name}.js").write_text(components.classic(name), encoding="utf-8")


def add_components(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Load the script of each component that has a place on this page, and of no other."""
    for name in dict.fromkeys(COMPONENT.findall(context.get("body", ""))):
        if name in components.components():
            app.add_js_file(f"{ASSETS}/{name}.js")
        else:
            logger.warning("unknown component data-gru-book=%r", name, location=pagename)


def defer_scripts(app: Sphinx, pagename: str, templatename: str, context: dict, doctree) -> None:
    """Let the page appear before its scripts run."""
    for asset in context["script_files"]:
        name = str(getattr(asset, "filename", "") or "")
        if name and not name.endswith(NEEDED_AT_ONCE) and "async" not in asset.attributes:
            asset.attributes["defer"] = "defer"


def finish_assets(app: Sphinx, exception: Exception | None) -> None:
    """Copy what components fetch, set formulas, and take out scripts that no page needs."""
    if exception or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    for pagename in app.env.found_docs:
        for file in page_assets(pagename, Path(app.srcdir)):
            target = static / ASSETS / Path(pagename).name / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)
    # Icons come from the theme's web fonts; the script would draw every one of them a second time.
    scripts = static / "scripts"
    (scripts / "fontawesome.js").write_text("/* Icons come from the web fonts. */\n", encoding="utf-8")
    unused = ("sphinx-thebe.*", "*webpack-macros.html", "**/*.js.map", "**/*.css.map")
    for file in {file for pattern in unused for file in static.glob(pattern)}:
        file.unlink()
    first = app.config.root_doc
    if first != "index":
        page = FIRST_PAGE.format(title=app.config.html_title, first=app.builder.get_target_uri(first))
        (Path(app.outdir) / "index.html").write_text(page, encoding="utf-8")
    pages = {
        file: file.read_text(encoding="utf-8").replace(SIDEBAR, f'{SIDEBAR} role="complementary" aria-label="Book"')
        for file in Path(app.outdir).rglob("*.html")
        if static not in file.parents
    }
    for file, text in lighten(static, set_mathematics(static, pages)).items():
        file.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict:
    """Register the extension with Sphinx."""
    app.add_config_value("notebook_revision", "", "html")
    app.connect("config-inited", set_addresses, priority=400)
    app.connect("builder-inited", write_components)
    app.connect("doctree-read", mark_claims)
    app.connect("html-page-context", drop_previews, priority=400)
    app.connect("html-page-context", add_repository_button, priority=600)
    app.connect("html-page-context", add_hub_button, priority=600)
    app.connect("doctree-resolved", correct_displayed_tables)
    app.connect("html-page-context", add_table_styles)
    app.connect("html-page-context", correct_bibliography)
    app.connect("html-page-context", add_components)
    app.connect("html-page-context", drop_unused, priority=900)
    app.connect("html-page-context", defer_scripts, priority=901)
    app.connect("build-finished", finish_assets, priority=900)
    app.add_js_file(None, body=SET_THEME, priority=1)
    app.setup_extension("myst_nb")
    app.add_role_to_domain("glue", "text", GluedText(), override=True)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
