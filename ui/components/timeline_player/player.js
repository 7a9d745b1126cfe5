// The film of a recorded run: packets between a server and its sites, lane by lane, on one clock. Every packet stands in
// the data with its time and its bytes; here they are only drawn. Streamlit calls the default export again whenever
// the data or the theme changes; the place in the film, play and speed are kept.

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 80;
const SERVER = 16; // its middle, from the left
const TALL = 66; // the server
const ROWS = 7;
const GAP = 11.4; // between two sites
const LATE = 0.1; // seconds; after a longer pause between two frames the film goes on where it stopped
const SPEEDS = [0.5, 1, 2, 4];
const DASHES = { dash: "8 4", dot: "2 3", dashdot: "8 3 2 3", longdash: "14 4", longdashdot: "14 4 2 4" };
const MARKERS = {
  circle: "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0",
  square: "M-4-4h8v8h-8z",
  diamond: "M0-5.8L5.8 0L0 5.8L-5.8 0z",
  "triangle-up": "M0-5.5L5.5 4H-5.5z",
  cross: "M-1.7-5h3.4v3.3h3.3v3.4h-3.3v3.3h-3.4v-3.3h-3.3v-3.4h3.3z",
  x: "M-5-2.5L-2.5-5L0-2.5L2.5-5L5-2.5L2.5 0L5 2.5L2.5 5L0 2.5L-2.5 5L-5 2.5L-2.5 0z",
};
const ICONS = {
  play: "M2 1L12 7L2 13z",
  pause: "M2 1h4v12h-4zM8 1h4v12h-4z",
  again: "M7 2V0L2.5 3.5L7 7V4.5a3.7 3.7 0 1 1-3.7 3.7H.8A6.2 6.2 0 1 0 7 2z",
  back: "M11 1L2 7L11 13z",
  forth: "M3 1L12 7L3 13z",
};
const SKETCH = "M-1.6 0a1.6 1.6 0 1 0 3.2 0a1.6 1.6 0 1 0-3.2 0";
const STILL = window.matchMedia("(prefers-reduced-motion: reduce)");

export default function ({ data: [data], parentElement }) {
  let root = parentElement.querySelector(".film");
  if (!root) {
    root = element("div", "film");
    parentElement.append(root);
    root.player = new Player(root);
  }
  root.player.show(data);
  // Streamlit also runs the cleanup of a call that newer data overtook, while the film is still on the page.
  return () => root.isConnected || root.player.close();
}

class Player {
  constructor(root) {
    this.root = root;
    this.speed = 1;
    this.observer = new ResizeObserver(() => this.fit());
    this.observer.observe(root);
    this.onMotion = () => {
      this.playing = this.playing && !STILL.matches;
      this.draw();
    };
    STILL.addEventListener("change", this.onMotion);
  }

  close() {
    cancelAnimationFrame(this.frame);
    this.observer.disconnect();
    STILL.removeEventListener("change", this.onMotion);
  }

  show(data) {
    const text = JSON.stringify(data);
    if (text === this.text) return;
    const story = JSON.stringify([data.seconds, data.tracks.map((track) => [track.transfers, track.rounds])]);
    this.text = text;
    this.data = data;
    this.moments = momentsOf(data);
    if (story !== this.story) {
      this.story = story;
      this.playing = !STILL.matches;
      this.now = this.playing ? 0 : (this.moments[0] ?? 0);
    }
    this.build();
    this.fit();
    this.run();
  }

  // Frames come only while the film plays.
  run() {
    cancelAnimationFrame(this.frame);
    this.before = undefined;
    const step = (time) => {
      if (!this.playing) return;
      const passed = Math.min((time - (this.before ?? time)) / 1000, LATE);
      this.before = time;
      this.now = Math.min(this.now + (passed * this.speed * this.data.seconds) / this.data.length, this.data.seconds);
      if (this.now >= this.data.seconds) this.playing = false;
      this.draw();
      this.frame = requestAnimationFrame(step);
    };
    this.frame = requestAnimationFrame(step);
  }

  toggle() {
    if (!this.playing && this.now >= this.data.seconds) this.now = 0;
    this.playing = !this.playing;
    this.draw();
    this.run();
  }

  seek(now) {
    this.playing = false;
    this.now = now;
    this.draw();
  }

  // To the moment in which the next packets, or those before, are half-way.
  turn(forth) {
    const eps = 1e-6;
    const next = forth
      ? (this.moments.find((moment) => moment > this.now + eps) ?? this.data.seconds)
      : (this.moments.findLast((moment) => moment < this.now - eps) ?? 0);
    this.seek(next);
  }

  build() {
    const { words, tracks, alt, clients, language } = this.data;
    this.root.lang = language;
    const ends = element("div", "lane ends");
    const middle = element("div");
    middle.append(element("span", "", words.server), element("span", "", fill(words.sites, { sites: clients.length })));
    ends.append(element("div"), middle, element("div", "", words.sent));
    const most = Math.max(1, ...tracks.map((track) => sum(track.transfers.map((transfer) => transfer.bytes))));
    this.lanes = tracks.map((track) => new Lane(track, this.data, most));
    const picture = element("div", "picture");
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", alt);
    picture.append(ends, ...this.lanes.map((lane) => lane.node));
    this.root.replaceChildren(this.controls(), picture, element("p", "legend", words.legend));
  }

  controls() {
    const { words, seconds } = this.data;
    const bar = element("div", "controls");
    this.play = button("play", () => this.toggle());
    this.back = button("back", () => this.turn(false));
    this.forth = button("forth", () => this.turn(true));
    face(this.back, "back", words.back, true);
    face(this.forth, "forth", words.forth, true);
    this.place = element("input", "place");
    Object.assign(this.place, { type: "range", min: 0, max: seconds, step: "any", value: this.now });
    this.place.setAttribute("aria-label", words.place);
    this.place.addEventListener("input", () => this.seek(Number(this.place.value)));
    this.pace = element("select", "speed");
    this.pace.setAttribute("aria-label", words.speed);
    this.pace.append(...SPEEDS.map((speed) => new Option(`${speed}×`, speed, false, speed === this.speed)));
    this.pace.addEventListener("change", () => (this.speed = Number(this.pace.value)));
    this.clock = element("span", "clock");
    bar.append(this.play, this.back, this.forth, this.place, this.pace, this.clock);
    return bar;
  }

  fit() {
    if (!this.lanes) return;
    this.lanes.forEach((lane) => lane.fit());
    this.draw();
  }

  draw() {
    const { words, seconds } = this.data;
    const over = this.now >= seconds;
    this.play.hidden = this.pace.hidden = STILL.matches;
    const next = this.playing ? "pause" : over ? "again" : "play";
    if (this.play.dataset.face !== next) face(this.play, next, words[next]);
    this.back.disabled = this.now <= 0;
    this.forth.disabled = over;
    this.place.value = this.now;
    this.clock.textContent = fill(words.clock, { now: clock(this.now), all: clock(seconds) });
    this.place.setAttribute("aria-valuetext", this.clock.textContent);
    this.lanes.forEach((lane) => lane.draw(this.now, !STILL.matches));
  }
}

// One lane: its name, its stage, its meter.
class Lane {
  constructor(track, data, most) {
    this.track = track;
    this.data = data;
    this.most = most;
    this.packets = [];
    this.node = element("div", "lane");
    this.node.append(this.name(), this.stage(), this.meter());
  }

  name() {
    const { label, note, colour, dash, marker } = this.track.look;
    const name = element("div", "name");
    const sample = svg("svg", {});
    sample.append(
      svg("line", { x1: 2, x2: 44, y1: 7, y2: 7, stroke: colour, "stroke-width": 2.5, "stroke-dasharray": DASHES[dash] ?? "" }),
      svg("path", { d: MARKERS[marker], fill: colour, transform: "translate(23 7) scale(0.85)" }),
    );
    name.append(sample, element("b", "", label), element("span", "", note));
    return name;
  }

  stage() {
    this.canvas = svg("svg", { class: "stage" });
    this.road = svg("line", { class: "road", "stroke-dasharray": DASHES[this.track.look.dash] ?? "" });
    this.sites = new Map(this.data.clients.map((client) => [client, svg("circle", { class: "site" })]));
    this.flying = svg("g", {});
    const server = svg("g", {});
    server.append(
      svg("rect", { class: "server", x: SERVER - 12, y: (HEIGHT - TALL) / 2, width: 24, height: TALL, rx: 4 }),
      ...[-12, 0, 12].map((y) => svg("circle", { cx: SERVER, cy: HEIGHT / 2 + y, r: 2.5, fill: this.track.look.colour })),
    );
    this.canvas.append(this.road, ...this.sites.values(), this.flying, server);
    return this.canvas;
  }

  meter() {
    const meter = element("div", "meter");
    const bar = element("div", "bar");
    this.full = element("div");
    this.full.style.background = this.track.look.colour;
    bar.append(this.full);
    this.mb = element("div", "mb");
    this.state = element("div", "state");
    this.accuracy = element("div");
    this.epochs = element("div");
    this.state.append(this.accuracy, this.epochs);
    meter.append(this.mb, bar, this.state);
    return meter;
  }

  // The sites stand in columns at the right end; where there are many of them, closer together.
  fit() {
    const width = this.canvas.clientWidth || 300;
    const count = this.data.clients.length;
    const rows = count <= ROWS * 20 ? ROWS : 14;
    const columns = Math.ceil(count / rows);
    const across = Math.min(GAP, (width * 0.4) / columns);
    const down = Math.min(GAP, HEIGHT / rows);
    this.radius = Math.min(across, down) * 0.36;
    this.spots = new Map(
      this.data.clients.map((client, i) => [
        client,
        [
          width - across * (columns - Math.floor(i / rows) - 0.5),
          HEIGHT / 2 + down * ((i % rows) - (Math.min(rows, count) - 1) / 2),
        ],
      ]),
    );
    this.spots.forEach(([x, y], client) => set(this.sites.get(client), { cx: x, cy: y, r: this.radius }));
    this.doors = new Map(this.track.transfers.map((transfer) => [transfer, this.doorsOf(transfer)]));
    set(this.road, { x1: SERVER + 14, y1: HEIGHT / 2, x2: width - across * columns - 4, y2: HEIGHT / 2 });
  }

  // Where each packet leaves or enters the server: one below the other, as their sites are.
  doorsOf({ clients }) {
    const gap = (TALL - 10) / Math.max(1, clients.length - 1);
    const sorted = [...clients].sort((a, b) => this.spots.get(a)[1] - this.spots.get(b)[1]);
    return new Map(sorted.map((client, i) => [client, HEIGHT / 2 + gap * (i - (clients.length - 1) / 2)]));
  }

  draw(now, lively) {
    const { transfers, rounds } = this.track;
    const flying = transfers.filter((transfer) => transfer.start <= now && now < transfer.end);
    const round = rounds.find((one) => one.start <= now && now < one.end);
    this.light(round, flying, now, lively);
    this.fly(flying, now);
    this.count(transfers, rounds, now);
  }

  // Whose turn it is is in colour, and beats while it trains.
  light(round, flying, now, lively) {
    const there = new Set(round?.clients);
    const trains = round && flying.every((transfer) => transfer.kind === "sketch");
    const beat = trains && lively ? 1 + 0.3 * Math.sin((now * 2 * Math.PI) / (this.data.seconds / this.data.length / 1.5)) : 1;
    this.sites.forEach((site, client) => {
      const on = there.has(client);
      site.style.fill = on ? this.track.look.colour : "";
      site.style.fillOpacity = on && !trains ? 0.55 : 1;
      site.setAttribute("r", this.radius * (on ? 1.1 * beat : 1));
    });
  }

  fly(flying, now) {
    let used = 0;
    for (const transfer of flying) {
      const share = (now - transfer.start) / (transfer.end - transfer.start);
      for (const client of transfer.clients) {
        const packet = (this.packets[used] ??= this.packet());
        used += 1;
        this.move(packet, transfer, client, share);
      }
    }
    this.packets.forEach((packet, i) => (packet.node.style.display = i < used ? "" : "none"));
  }

  packet() {
    const packet = { node: svg("g", {}), trail: svg("line", {}), head: svg("path", {}) };
    packet.node.append(packet.trail, packet.head);
    this.flying.append(packet.node);
    return packet;
  }

  move(packet, transfer, client, share) {
    const model = transfer.kind !== "sketch";
    const door = [SERVER + 12, this.doors.get(transfer).get(client)];
    const site = this.spots.get(client);
    const [from, to] = transfer.kind === "down" ? [door, site] : [site, door];
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const tail = Math.min(share, model ? 0.12 : 0.06);
    const colour = this.track.look.colour;
    set(packet.node, {
      class: `packet ${model ? "model" : "sketch"}`,
      "data-kind": transfer.kind,
      "data-round": transfer.round,
      transform: `translate(${from[0] + dx * share} ${from[1] + dy * share})`,
    });
    set(packet.trail, {
      x2: -dx * tail, y2: -dy * tail, stroke: colour, "stroke-width": model ? 6 : 1.2, "stroke-linecap": "round",
      "stroke-opacity": model ? 0.35 : 0.8,
    });
    set(packet.head, { d: model ? MARKERS[this.track.look.marker] : SKETCH, fill: colour });
  }

  // What has arrived, and of what is on its way the part that has.
  count(transfers, rounds, now) {
    const words = this.data.words;
    const bytes = sum(transfers.map((transfer) => transfer.bytes * part(transfer, now)));
    const last = rounds.findLast((one) => one.end <= now);
    const accuracy = last ? last.accuracy : this.data.accuracy;
    this.mb.textContent = fill(words.mb, { mb: megabytes(bytes) });
    this.node.dataset.bytes = Math.round(bytes);
    this.full.style.width = `${(100 * bytes) / this.most}%`;
    const there = this.track.reached !== null && now >= this.track.reached;
    this.accuracy.className = there ? "there" : "";
    this.accuracy.textContent = fill(there ? words.there : words.accuracy, {
      accuracy: accuracy === null ? "–" : (100 * accuracy).toFixed(1),
      time: clock(this.track.reached ?? 0),
    });
    this.epochs.textContent = fill(words.epochs, { epochs: last?.epochs ?? 0 });
  }
}

function part(transfer, now) {
  if (now >= transfer.end) return 1;
  return now <= transfer.start ? 0 : (now - transfer.start) / (transfer.end - transfer.start);
}

function momentsOf(data) {
  const middles = data.tracks.flatMap((track) => track.transfers.map((transfer) => (transfer.start + transfer.end) / 2));
  return [...new Set(middles)].sort((a, b) => a - b);
}

function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

function megabytes(bytes) {
  const mb = bytes / 1e6;
  return mb < 10 ? mb.toFixed(1) : Math.round(mb).toLocaleString("en-US");
}

function clock(seconds) {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

function sum(values) {
  return values.reduce((total, value) => total + value, 0);
}

function element(tag, className = "", text = "") {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

function button(className, press) {
  const node = element("button", className);
  node.type = "button";
  node.addEventListener("click", press);
  return node;
}

// What a button says: an icon beside its word, or alone.
function face(node, icon, word, alone = false) {
  const picture = svg("svg", { viewBox: "0 0 14 14", "aria-hidden": "true" });
  picture.append(svg("path", { d: ICONS[icon] }));
  node.replaceChildren(picture, ...(alone ? [] : [word]));
  node.dataset.face = icon;
  node.title = word;
  node.setAttribute("aria-label", word);
}

function svg(tag, attributes) {
  return set(document.createElementNS(SVG, tag), attributes);
}

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  return node;
}
