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

/** Put a component's styles on the page of `el`, once; each selector in them begins with the class `root`. */
function addStyle(root, css, el) {
  const top = el.getRootNode();
  const place = top instanceof ShadowRoot ? top : document.head;  // styles of a page stay outside a shadow
  let style = place.querySelector(`style[data-root="${root}"]`);
  if (!style) place.append((style = make("style", { "data-root": root })));
  if (style.textContent !== css) style.textContent = css;  // a notebook may have loaded an older component before
}
