// Three habits of a page, installed once a document: history entries, double presses, lost focus.

const SOON = 500; // milliseconds within which a second press at the same place is the same press
const NEAR = 8; // pixels
const AGAIN = 1000; // milliseconds
const BUTTON = '[data-testid="stButton"] button, [data-testid="stFormSubmitButton"] button';

export default function ({ data: [data], setTriggerValue }) {
  window.fdaHabits ??= install();
  Object.assign(window.fdaHabits, data, { tell: () => setTriggerValue("ready", data.page) });
  if (!data.heard) tell(window.fdaHabits);
}

// Again until it is heard: what is said while the first draw of all goes on can be lost. Ever more seldom: a busy server
// has enough to do.
function tell(habits, wait = AGAIN) {
  clearTimeout(habits.later);
  if (habits.heard) return;
  habits.tell();
  habits.later = setTimeout(() => tell(habits, 2 * wait), wait);
}

function install() {
  const habits = { regions: [], quick: [], press: { time: -Infinity }, group: null };
  replaceWithinPage();
  document.addEventListener("click", (event) => once(habits, event), true);
  document.addEventListener("focusin", (event) => remember(habits, event.target));
  document.addEventListener("pointerdown", (event) => remember(habits, event.target));
  const found = () => habits.group && requestAnimationFrame(() => refocus(habits));
  const watched = { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled"] };
  new MutationObserver(found).observe(document.body, watched);
  return habits;
}

// What is chosen on a page is its address, not a place to go back to: Back leads to the page before.
function replaceWithinPage() {
  const push = history.pushState.bind(history);
  history.pushState = (state, title, url) => {
    const to = new URL(url ?? location.href, location.href);
    to.pathname === location.pathname ? history.replaceState(state, title, url) : push(state, title, url);
  };
}

// After a press another button may stand where the pressed one stood: the second click was not meant for it.
function once(habits, event) {
  const button = event.target.closest?.(BUTTON);
  if (!button || button.closest(habits.quick.join(",") || "none")) return;
  const { detail, timeStamp: time, clientX: x, clientY: y } = event;
  const before = habits.press;
  const keyboard = detail === 0; // also a key that is held down
  const same = keyboard ? before.keyboard : Math.hypot(x - before.x, y - before.y) < NEAR;
  if (same && time - before.time < SOON) {
    event.preventDefault();
    event.stopImmediatePropagation();
    if (keyboard) before.time = time;
    return;
  }
  habits.press = { time, x, y, keyboard };
}

function remember(habits, node) {
  habits.group = habits.regions.find((group) => node.closest?.(group.join(","))) ?? null;
  habits.own = habits.group?.find((selector) => node.closest(selector));
}

function refocus({ group, own }) {
  const now = document.activeElement;
  if (!group || (now && now !== document.body && !now.disabled)) return;
  for (const selector of [own, ...group]) {
    const button = document.querySelector(`${selector} button:enabled`);
    if (button) return button.focus({ preventScroll: true });
  }
}
