// A button and a modal box with all terms; a click on a link to "#term-<id>" anywhere opens the box at that term.

const CLASS_NAME = "fda-glossary";
const PREFIX = "#term-";

export default function ({ data, parentElement }) {
  const node = parentElement.querySelector(`.${CLASS_NAME}`) ?? createNode(parentElement);
  node.button.title = data.label;
  node.button.setAttribute("aria-label", data.label);
  document.documentElement.lang = data.language; // line breaks, fonts and screen readers go by it
  fill(node, data);
  if (data.opened && data.opened !== node.opened) open(node, data.opened);
  node.opened = data.opened;
  return () => node.isConnected || document.removeEventListener("click", node.follow, true);
}

function createNode(parentElement) {
  const node = document.createElement("div");
  node.className = CLASS_NAME;
  node.button = element("button", "", "?");
  node.button.type = "button";
  node.button.addEventListener("click", () => open(node, ""));
  node.box = element("dialog", "");
  node.box.addEventListener("click", (event) => event.target === node.box && node.box.close()); // beside it
  // Before Streamlit sees the click: the address stays as it is, nothing is drawn again.
  node.follow = (event) => {
    const link = event.target.closest?.(`a[href^="${PREFIX}"]`);
    if (!link) return;
    event.preventDefault();
    event.stopPropagation();
    open(node, link.getAttribute("href").slice(PREFIX.length));
  };
  document.addEventListener("click", node.follow, true);
  node.append(node.button, node.box);
  parentElement.append(node);
  return node;
}

function element(name, className, text = "") {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.textContent = text; // never as HTML
  return made;
}

function fill(node, { terms, label, close }) {
  const head = element("header", "");
  const shut = element("button", "", "×");
  shut.type = "button";
  shut.setAttribute("aria-label", close);
  shut.addEventListener("click", () => node.box.close());
  head.append(element("h2", "", label), shut);
  const list = element("dl", "");
  for (const { id, name, text, formula, place } of terms) {
    const entry = element("div", "");
    entry.dataset.term = id;
    entry.append(element("dt", "", name), element("dd", "", text));
    if (formula) entry.append(element("dd", "formula", formula));
    if (place) entry.append(element("dd", "place", place));
    list.append(entry);
  }
  node.box.setAttribute("aria-label", label);
  node.box.replaceChildren(head, list);
}

function open(node, id) {
  if (!node.box.open) node.box.showModal();
  for (const entry of node.box.querySelectorAll("[data-term]")) {
    const asked = entry.dataset.term === id;
    entry.toggleAttribute("data-asked", asked);
    if (asked) entry.scrollIntoView({ block: "center" });
  }
}
