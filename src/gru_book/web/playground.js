function render({ el }) {
  el.textContent = "The playground";
}

export default { render };
