// A slider that moves Θ over a round's recorded variance: the level line of the chart follows, and a sentence says after
// which local epoch the models would have travelled and what that sends. Nothing is asked of the server.

const CLASS_NAME = "fda-theta";

export default function ({ data: [data], parentElement }) {
  const node = parentElement.querySelector(`.${CLASS_NAME}`) ?? createNode(parentElement);
  if (node.view !== data.view) {
    node.range.value = STEPS * (data.theta / data.highest); // another round: its own Θ
    node.moved = false;
  }
  Object.assign(node, { view: data.view, data });
  node.range.setAttribute("aria-label", data.words.label);
  node.label.textContent = data.words.label;
  show(node);
}

const STEPS = 1000;

function createNode(parentElement) {
  const node = document.createElement("div");
  node.className = CLASS_NAME;
  node.label = document.createElement("span");
  node.range = Object.assign(document.createElement("input"), { type: "range", min: 1, max: STEPS, step: 1 });
  node.output = document.createElement("output");
  node.range.addEventListener("input", () => {
    node.moved = true;
    show(node);
  });
  node.append(node.label, node.range, node.output);
  parentElement.append(node);
  return node;
}

// Before the reader has moved it, the chart is as the server drew it.
function show(node) {
  const { data, moved } = node;
  const theta = moved ? (data.highest * node.range.value) / STEPS : data.theta;
  node.output.textContent = sentence(data, theta);
  node.range.setAttribute("aria-valuetext", node.output.textContent);
  if (moved) draw(data, theta);
}

function sentence({ estimates, most, model, check, words, language }, theta) {
  const number = (value, digits) => value.toLocaleString(language, { maximumSignificantDigits: digits });
  const passed = estimates.findIndex((estimate) => estimate > theta) + 1;
  const epochs = passed || Math.min(most, estimates.length);
  const key = passed ? "passed" : estimates.length < most ? "beyond" : "cap";
  const values = { theta: number(theta, 3), epochs, mb: number((model + epochs * check) / 1e6, 3) };
  return words[key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

function draw({ chart, label, language }, theta) {
  const figure = document.querySelector(`.st-key-${chart} .fda-live-chart`);
  if (!figure?._fullLayout?.shapes?.length) return;
  const text = label.replace("{value}", theta.toLocaleString(language, { maximumSignificantDigits: 3 }));
  window.Plotly.relayout(figure, {
    "shapes[0].y0": theta,
    "shapes[0].y1": theta,
    "annotations[0].y": theta,
    "annotations[0].text": text,
  });
}
