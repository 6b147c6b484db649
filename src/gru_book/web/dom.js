/** Make an element; texts become text nodes, so nothing that comes from an address is ever read as HTML. */
function make(tag, attributes = {}, ...children) {
  const svg = ["svg", "g", "path", "line", "circle", "text"].includes(tag);
  const element = svg ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** An id that nothing else on the page has, also where a notebook has loaded a component twice. */
function newId(prefix) {
  window.gruBookIds = (window.gruBookIds ?? 0) + 1;
  return `${prefix}-${window.gruBookIds}`;
}

/** Return the styles that components share, for the class `root`: the theme's colours, buttons, focus, tables. */
function sharedStyle(root) {
  return `
.${root} { --gru-text: var(--pst-color-text-base, var(--jp-content-font-color1, #222));
  --gru-muted: var(--pst-color-text-muted, var(--jp-content-font-color2, #555));
  --gru-ground: var(--pst-color-background, var(--jp-layout-color0, #fff));
  --gru-surface: var(--pst-color-surface, var(--jp-layout-color1, #f5f5f5));
  --gru-accent: var(--pst-color-primary, var(--jp-brand-color1, #1d5b79));
  --gru-line: var(--pst-color-border, var(--jp-border-color2, #ccc));
  color: var(--gru-text); background: var(--gru-ground); border: 1px solid var(--gru-line); border-radius: 0.5rem;
  padding: 0.75rem; margin: 1rem 0; font-size: 0.875rem; line-height: 1.4; }
.${root} * { box-sizing: border-box; }
.${root} p { margin: 0.4rem 0; }
.${root} button { font: inherit; color: var(--gru-text); background: var(--gru-surface); cursor: pointer;
  border: 1px solid var(--gru-muted); border-radius: 0.35rem; padding: 0.25rem 0.6rem; min-height: 2rem; }
.${root} .gru-chart svg { display: block; width: 100%; height: 100%; overflow: hidden; }
.${root} .gru-chart text { fill: var(--gru-text); font-size: 12px; }
.${root} .gru-chart text.gru-tick { fill: var(--gru-muted); font-size: 11px; }
.${root} .gru-grid { opacity: 0.7; stroke: var(--gru-line); stroke-width: 1; }
.${root} :focus-visible { outline: 0.15rem solid var(--pst-color-secondary, #a34a0a); outline-offset: 0.1rem; }
.${root} details { margin-top: 0.5rem; }
.${root} .gru-scroll { overflow: auto; max-height: 20rem; }
.${root} table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 0; width: auto; }
.${root} th, .${root} td { padding: 0.1rem 0.6rem; text-align: right; white-space: nowrap; border: 0;
  border-bottom: 1px solid var(--gru-line); color: var(--gru-text); background: transparent; }
`;
}

/** Put a component's styles on the page of `el`, once; each selector in them begins with the class `root`. */
function addStyle(root, css, el) {
  const top = el.getRootNode();
  const place = top instanceof ShadowRoot ? top : document.head;  // styles of a page stay outside a shadow
  let style = place.querySelector(`style[data-root="${root}"]`);
  if (!style) place.append((style = make("style", { "data-root": root })));
  if (style.textContent !== css) style.textContent = css;  // a notebook may have loaded an older component before
}
