// Opens a chapter on the reader's own JupyterHub. The hub's address is asked for once and kept in this browser only.
(() => {
  const key = "gru-book-hub";
  const load = () => { try { return localStorage.getItem(key); } catch { return null; } };
  const save = (hub) => { try { localStorage.setItem(key, hub); } catch { /* private mode: ask again next time */ } };
  const go = (hub, path) => window.open(hub + path, "_blank", "noopener");

  // "hub.example.org/hub/home" → "https://hub.example.org/"; null where that is no address of a web page.
  function clean(text) {
    try {
      const url = new URL(/^[a-z]+:\/\//i.test(text) ? text : "https://" + text);
      if (!/^https?:$/.test(url.protocol)) return null;
      return url.origin + url.pathname.replace(/\/(hub|user)(\/.*)?$/, "/").replace(/\/?$/, "/");
    } catch { return null; }
  }

  function ask(path) {
    let dialog = document.getElementById("hub-dialog");
    if (!dialog) {
      dialog = document.createElement("dialog");
      dialog.id = "hub-dialog";
      dialog.setAttribute("aria-labelledby", "hub-title");
      dialog.innerHTML = `<form method="dialog"><p id="hub-title" class="h4">Open on your JupyterHub</p>
        <label for="hub-address">Address of your hub</label>
        <input id="hub-address" type="text" inputmode="url" autocomplete="url" placeholder="https://hub.example.org"
          aria-describedby="hub-note" required>
        <p id="hub-note">The hub needs nbgitpuller. Its address is kept in this browser only.</p>
        <p id="hub-error" role="alert"></p>
        <button type="submit" class="btn btn-sm btn-primary">Open</button>
        <button type="button" class="btn btn-sm btn-secondary">Cancel</button></form>`;
      document.body.append(dialog);
      dialog.querySelector("[type=button]").onclick = () => dialog.close();
    }
    const input = dialog.querySelector("input");
    const error = dialog.querySelector("#hub-error");
    input.value = load() || "";
    error.textContent = "";
    dialog.querySelector("form").onsubmit = (event) => {
      event.preventDefault();
      const hub = clean(input.value.trim());
      if (!hub) { error.textContent = "This is no web address."; input.focus(); return; }
      save(hub);
      dialog.close();
      go(hub, path);
    };
    dialog.showModal();
    input.select();
  }

  window.openOnHub = (path, other) => {
    const hub = clean(load() || " ");
    if (hub && !other) go(hub, path); else ask(path);
  };
})();

// A formula that is wider than the page scrolls by itself: let the keyboard reach it.
addEventListener("DOMContentLoaded", () => {
  const reach = () => document.querySelectorAll("mjx-container[display]").forEach((formula) => {
    if (formula.scrollWidth > formula.clientWidth) formula.tabIndex = 0; else formula.removeAttribute("tabindex");
  });
  reach();
  addEventListener("resize", reach);
});
