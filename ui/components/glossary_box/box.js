// A button and a modal box with all terms. A link to "#term-<id>" anywhere says its term in a line when the mouse rests
// on it, and a click opens the box there.

const CLASS_NAME = "fda-glossary";
const PREFIX = "#term-";

export default function ({ data: [data], parentElement }) {
  const node = parentElement.querySelector(`.${CLASS_NAME}`) ?? createNode(parentElement);
  node.button.title = data.label;
  node.button.setAttribute("aria-label", data.label);
  document.documentElement.lang = data.language; // line breaks, fonts and screen readers go by it
  fill(node, data);
  if (data.opened && data.opened !== node.opened) open(node, data.opened);
  node.opened = data.opened;
  return () => {
    if (node.isConnected) return;
    document.removeEventListener("click", node.follow, true);
    document.removeEventListener("pointerover", node.hint, true);
  };
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
  node.hint = (event) => {
    const link = event.target.closest?.(`a[href^="${PREFIX}"]`);
    if (link) link.title = node.lines?.[link.getAttribute("href").slice(PREFIX.length)] ?? "";
  };
  document.addEventListener("pointerover", node.hint, true);
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

function fill(node, { terms, label, close, more }) {
  node.lines = Object.fromEntries(terms.map(({ id, text }) => [id, firstSentence(text)]));
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
    if (formula || place) entry.append(folded(more, formula, place));
    list.append(entry);
  }
  node.box.setAttribute("aria-label", label);
  node.box.replaceChildren(head, list);
}

function folded(label, ...lines) {
  const entry = element("dd", "more");
  const box = element("details", "");
  box.append(element("summary", "", label));
  for (const line of lines.filter(Boolean)) box.append(element("p", "", line));
  entry.append(box);
  return entry;
}

function firstSentence(text) {
  return text.match(/^.*?(?:[.:] |。|$)/)[0].trim().replace(/:$/, ".");
}

function open(node, id) {
  if (!node.box.open) node.box.showModal();
  for (const entry of node.box.querySelectorAll("[data-term]")) {
    const asked = entry.dataset.term === id;
    entry.toggleAttribute("data-asked", asked);
    if (asked) entry.scrollIntoView({ block: "center" });
  }
}
