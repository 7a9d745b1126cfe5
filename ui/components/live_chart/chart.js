// One Plotly chart in one lasting div. Streamlit calls the default export again whenever
// the data or the theme changes; the div stays, and Plotly.react changes what is in it.

const CLASS_NAME = "fda-live-chart";

// Plotly rebuilds the chart, and forgets the zoom, if this ever differs between two calls.
const CONFIG = {
  responsive: true,
  displaylogo: false,
  displayNotifier: false, // its notices are in English only
  modeBarButtons: [["zoom2d", "pan2d", "resetScale2d"], ["toImage"]],
  // By default Plotly offers to upload the chart to its own cloud.
  showSendToCloud: false,
  plotlyServerURL: "",
};

// Pixels. A narrower chart has no room for the name of its axis in one line: what it has in brackets goes below.
const PHONE = 440;

export default function ({ data: [data], parentElement }) {
  const node = parentElement.querySelector(`.${CLASS_NAME}`) ?? createNode(parentElement);
  node.style.height = `${data.height}px`;
  node.setAttribute("aria-label", data.alt);
  node.liveChart.figure = data.figure;
  node.liveChart.redraw = () => {
    loadPlotly(data.plotly).then(
      (Plotly) => draw(Plotly, node),
      () => explain(node, data.unavailable),
    );
  };
  node.liveChart.redraw();
  return () => release(node);
}

function createNode(parentElement) {
  const node = document.createElement("div");
  node.className = CLASS_NAME;
  node.style.width = "100%";
  node.setAttribute("role", "figure"); // not "img": there are buttons in it
  node.liveChart = { observer: new ResizeObserver(() => fit(node)) };
  node.liveChart.observer.observe(node);
  parentElement.append(node);
  return node;
}

// The promise lives on window, so all charts of a page share one download.
function loadPlotly(fileName) {
  window.fdaPlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    // Pages are one segment deep (/, /race, /base/race), so a path relative to the page
    // finds the app's root under any base path or proxy prefix.
    script.src = new URL(`app/static/${fileName}`, document.baseURI);
    script.onload = () => (window.Plotly ? resolve(window.Plotly) : reject());
    script.onerror = reject;
    document.head.append(script);
  });
  return window.fdaPlotly;
}

function draw(Plotly, node) {
  if (!node.isConnected) return; // the reader left while the library was loading
  const ofServer = node.liveChart.figure;
  const figure = node.liveChart.ahead?.(ofServer) ?? ofServer; // see drawn_ahead
  const template = { layout: themeLayout(node) };
  const drawn = figure + JSON.stringify(template);
  if (node.liveChart.ahead && drawn === node.liveChart.drawn) return;
  node.liveChart.drawn = drawn;
  // Parsed afresh each time, because Plotly writes into the layout it is given.
  const { data, layout } = JSON.parse(figure);
  layout.template = template;
  const title = layout.xaxis?.title;
  if (title?.text && node.clientWidth < PHONE) title.text = title.text.replace(/\s*([(（])/, "<br>$1");
  return Plotly.react(node, data, layout, CONFIG).then(() => listenOnce(node));
}

function listenOnce(node) {
  if (node.liveChart.listening) return;
  node.liveChart.listening = true;
  node.on("plotly_afterplot", () => makeRoom(node));
  makeRoom(node);
}

// Plotly's buttons lie over the picture and not over the legend, which is pressed as well.
function makeRoom(node) {
  const bar = node.querySelector(".modebar");
  if (bar) bar.style.top = `${node._fullLayout._size.t}px`;
}

function explain(node, message) {
  node.setAttribute("role", "status");
  node.removeAttribute("aria-label");
  node.textContent = message;
}

// A sidebar that opens or a tab that is shown changes the width without a window resize.
function fit(node) {
  const drawn = node._fullLayout;
  const { width } = node.getBoundingClientRect(); // 0 in a closed tab
  if (drawn && width && Math.abs(width - drawn.width) >= 1) window.Plotly.Plots.resize(node);
}

// Streamlit also runs the cleanup of a call that newer data overtook, while the chart is
// still on the page; only a node that has left it may be taken apart.
function release(node) {
  if (node.isConnected) return;
  node.liveChart.observer.disconnect();
  window.Plotly?.purge(node);
}

// A template, so that whatever the figure sets itself still wins.
function themeLayout(node) {
  const css = getComputedStyle(node);
  const theme = (name) => css.getPropertyValue(`--st-${name}`).trim();
  const font = { family: theme("font"), color: theme("text-color"), size: 13 };
  const axis = {
    automargin: true,
    gridcolor: theme("border-color-light"),
    linecolor: theme("border-color"),
    zerolinecolor: theme("border-color"),
  };
  return {
    font,
    paper_bgcolor: theme("background-color"),
    plot_bgcolor: theme("background-color"),
    hoverlabel: {
      bgcolor: theme("secondary-background-color"),
      bordercolor: theme("border-color"),
      font,
    },
    margin: { l: 56, r: 16, t: 36, b: 48 },
    modebar: { orientation: "v" },
    xaxis: axis,
    yaxis: axis,
  };
}
