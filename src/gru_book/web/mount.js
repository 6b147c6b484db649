/** Put `component` in the place of every element that asks for it; its words stay where that fails. */
function mountOnPage(name, component) {
  const registry = (window.gruBook = window.gruBook || {});
  if (registry[name]) return;
  registry[name] = component;
  // The folder of this script: a component finds its data beside it, with or without a web server.
  const assets = new URL(".", document.currentScript?.src || document.baseURI).href;

  /** What components use of anywidget's model, over the element's data attributes: `max_steps` is data-max-steps. */
  function modelOf(element) {
    const values = new Map([["assets", assets]]), listeners = new Map();
    return {
      get(key) {
        if (values.has(key)) return values.get(key);
        const text = element.getAttribute(`data-${key.replaceAll("_", "-")}`);
        if (text === null) return undefined;
        try { return JSON.parse(text); } catch { return text; }
      },
      set(key, value) {
        values.set(key, value);
        for (const listener of listeners.get(`change:${key}`) || []) listener();
      },
      on(event, listener) { listeners.set(event, [...(listeners.get(event) || []), listener]); },
      off(event, listener) {
        const kept = listener ? (listeners.get(event) || []).filter((other) => other !== listener) : [];
        if (event) listeners.set(event, kept); else listeners.clear();
      },
      save_changes() {},  // there is no kernel to tell
    };
  }

  async function mount(element) {
    element.dataset.gruMounted = "";
    const el = document.createElement("div");
    try {
      await component.render({ model: modelOf(element), el });
      element.replaceChildren(el);
    } catch (error) {
      console.error(error);
    }
  }

  function mountAll() {
    document.querySelectorAll(`[data-gru-book="${name}"]:not([data-gru-mounted])`).forEach(mount);
  }

  if (document.readyState === "loading") addEventListener("DOMContentLoaded", mountAll); else mountAll();
}
