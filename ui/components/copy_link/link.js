// A read-only field with the page's address, and a button that copies it.

const CLASS_NAME = "fda-copy-link";
const MOMENT = 1500; // milliseconds for which the button says that it has copied

export default function ({ data: [data], parentElement }) {
  const node = parentElement.querySelector(`.${CLASS_NAME}`) ?? createNode(parentElement);
  node.link = data;
  node.button.textContent = data.label;
  node.field.setAttribute("aria-label", data.label);
  show(node);
}

function createNode(parentElement) {
  const node = document.createElement("div");
  node.className = CLASS_NAME;
  node.style.cssText = "display:flex;gap:.5rem;align-items:stretch;width:100%";
  node.field = document.createElement("input");
  node.field.readOnly = true;
  node.field.style.cssText = box("flex:1;min-width:0");
  node.button = document.createElement("button");
  node.button.type = "button";
  node.button.style.cssText = box("cursor:pointer;white-space:nowrap");
  // Whoever is about to take the address by hand finds it up to date as well.
  for (const event of ["pointerenter", "focusin"]) node.addEventListener(event, () => show(node));
  node.field.addEventListener("focus", () => node.field.select());
  node.button.addEventListener("click", () => copy(node));
  node.append(node.field, node.button);
  parentElement.append(node);
  return node;
}

function box(more) {
  return (
    "font:inherit;color:var(--st-text-color);background:var(--st-background-color);padding:.4rem .6rem;" +
    `border:1px solid var(--st-border-color);border-radius:var(--st-button-radius);${more}`
  );
}

// The viewer's own address, but for what a teacher wants hidden.
function address(hidden) {
  const url = new URL(window.location.href);
  url.hash = "";
  url.searchParams.delete("hide");
  const words = url.searchParams.toString();
  url.search = [words, hidden && `hide=${hidden}`].filter(Boolean).join("&");
  return url.href;
}

function show(node) {
  node.field.value = address(node.link.hidden);
}

async function copy(node) {
  show(node);
  try {
    await navigator.clipboard.writeText(node.field.value);
  } catch {
    // Browsers keep the clipboard from pages that come without TLS, as a classroom's do, but for this old way.
    node.field.select();
    document.execCommand("copy");
  }
  node.button.textContent = node.link.copied;
  setTimeout(() => (node.button.textContent = node.link.label), MOMENT);
}
