// A chart follows sliders while they are moved: what the server will answer is here already, for every place of theirs.
// Words that only the server can say are pale until they are of what is drawn.

const CLASS_NAME = "fda-drawn-ahead";

export default function ({ data: [data], parentElement }) {
  const node = parentElement.querySelector(`.${CLASS_NAME}`) ?? createNode(parentElement);
  node.data = data;
  follow(node);
  return () => {
    if (!node.isConnected) node.observer.disconnect();
  };
}

function createNode(parentElement) {
  const node = document.createElement("div");
  node.className = CLASS_NAME;
  node.hidden = true;
  // A slider says where it is in this attribute, many times in one drag, and speaks to the server only at its end.
  node.observer = new MutationObserver(() => follow(node));
  node.observer.observe(document.body, { subtree: true, attributeFilter: ["value"] });
  parentElement.append(node);
  return node;
}

function follow(node) {
  const chart = document.querySelector(`.st-key-${node.data.chart} .fda-live-chart`)?.liveChart;
  if (!chart) return;
  chart.ahead = (ofServer) => figure(node, ofServer);
  chart.redraw();
}

// As the server will draw it; null where that is not known. Called whenever the chart is to be drawn.
function figure({ data, isConnected }, ofServer) {
  if (!isConnected) return null;
  const [row, column] = data.sliders.map(({ place, first }) => {
    const slider = document.querySelector(`${place} input[type='range']`);
    return slider ? Number(slider.value) - first : -1;
  });
  const found = data.figures[data.places[row]?.[column]] ?? null;
  const words = document.querySelector(`.st-key-${data.words}`);
  if (words) words.style.opacity = found === null || found === ofServer ? "" : 0.3;
  return found;
}
