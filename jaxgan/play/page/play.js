// The page: what is asked of the server, what it answers, and the pictures that it sends. All training is done there.

import { drawChart, History } from "./chart.js";
import { Brush } from "./brush.js";
import { drawPlane, readColours } from "./plane.js";
import { fillSettings } from "./fields.js";

const SPEEDS = [1, 2, 5, 10, 20, 50, 100, 200]; // iterations a picture, as the slider's places
const KEPT_DASH = [5, 3];
const SERIES_DASHES = [[], [7, 3], [2, 2], [9, 3, 2, 3]]; // beside their colours

const at = (name) => document.getElementById(name);
const minus = (text) => text.replace("-", "\u2212");
const shown = (value, digits = 3) => (Number.isFinite(value) ? minus(value.toPrecision(digits)) : "\u2013");

let limits = null;
let state = null;
let data = null;
let colours = readColours();
let cards = [];
let compiling = false;
let lastPicture = null;
let times = []; // when the last pictures came
const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/play`);
socket.binaryType = "arraybuffer";

function ask(wish) {
  if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify(wish));
}

const brush = new Brush(at("brush"), {
  colours: () => colours,
  count: (n, most) => {
    at("count").value = n ? `${n} points${n >= most ? ", as many as are taken" : ""}` : "No points yet";
  },
});

// What the server says

const answers = {
  limits(message) {
    limits = message;
    brush.most = message.drawing;
    brush.reach = message.reach;
    for (const name of [...message.distributions, message.drawn]) at("distribution").add(new Option(name, name));
    at("seeds").max = message.seeds;
    for (const example of message.examples) addExample(example);
    at("about-w1").textContent =
      `The least mean distance by which the ${message.points} generated points shown can be moved onto as many real ones, in the units of` +
      " the plane, by linear programming. It is computed every few pictures. The dashed line is what two sets of real points have between them.";
  },
  state(message) {
    state = message;
    showState();
  },
  data(message) {
    data = message;
    if (lastPicture) showPicture(lastPicture);
  },
  compiling({ setting }) {
    compiling = true;
    for (const card of at("settings").children) card.removeAttribute("aria-busy");
    const busy = setting === null ? [...at("settings").children] : [at("settings").children[setting]];
    for (const card of busy) card?.setAttribute("aria-busy", "true");
    showStatus();
  },
  compiled() {
    compiling = false;
    for (const card of at("settings").children) card.removeAttribute("aria-busy");
    showStatus();
  },
  refused({ why }) {
    at("refused").textContent = why;
    at("refused").hidden = false;
  },
  ended({ why }) {
    answers.refused({ why });
    ended = true;
    showStatus();
  },
};
let ended = false;

socket.addEventListener("message", (event) => {
  if (typeof event.data === "string") {
    const message = JSON.parse(event.data);
    answers[message.is](message);
    return;
  }
  const length = new DataView(event.data).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(event.data, 4, length)));
  const numbers = new Float32Array(event.data, 4 + length);
  lastPicture = { head, numbers };
  requestAnimationFrame(() => {
    if (lastPicture.head === head) showPicture(lastPicture); // one that came since is drawn in its place
    ask({ do: "drawn", picture: head.picture });
  });
  if (document.hidden) ask({ do: "drawn", picture: head.picture }); // no frame is asked for where nobody looks
  times.push(performance.now());
  times = times.slice(-20);
});
socket.addEventListener("close", () => {
  ended = true;
  for (const control of document.querySelectorAll("button, input, select")) control.disabled = true;
  showStatus();
});

// What is shown

function showStatus() {
  const status = at("status");
  status.classList.toggle("busy", compiling);
  const seconds = (times[times.length - 1] - times[0]) / 1000;
  const pace = Math.round((times.length - 1) / seconds);
  at("pace").textContent = times.length > 5 && state?.running && seconds > 0 ? `${pace} pictures a second` : "";
  const words = ended
    ? "Ended: load the page again"
    : compiling
      ? "Compiling"
      : !state
        ? "Connecting"
        : state.running
          ? "Running"
          : "Paused";
  if (status.textContent !== words) status.textContent = words; // read aloud when it changes, and not with every picture
}

function nearestSpeed(iterations) {
  return SPEEDS.reduce((best, speed, place) => (Math.abs(speed - iterations) < Math.abs(SPEEDS[best] - iterations) ? place : best), 0);
}

function showState() {
  for (const name of ["run", "step", "restart", "iterations", "pictures", "distribution", "draw", "seed", "seeds"]) at(name).disabled = ended;
  at("run").textContent = state.running ? "Pause" : "Start";
  if (!state.running) times = [];
  const unlessTouched = (name, value) => {
    if (document.activeElement !== at(name)) at(name).value = value;
  };
  unlessTouched("iterations", nearestSpeed(state.iterations));
  unlessTouched("pictures", state.pictures);
  at("iterations-value").value = state.iterations;
  at("pictures-value").value = state.pictures;
  at("iterations").setAttribute("aria-valuetext", `${state.iterations} iterations a picture`);
  at("distribution").value = state.data;
  at("distribution").options[at("distribution").options.length - 1].disabled = state.data !== limits.drawn;
  unlessTouched("seed", state.seed);
  unlessTouched("seeds", state.seeds);
  at("add").disabled = ended || state.settings.length >= limits.settings;
  document.body.classList.toggle("one", state.settings.length === 1);
  at("settings").style.setProperty("--columns", state.settings.length);
  const before = cards.length;
  while (cards.length < state.settings.length) cards.push(makeCard());
  while (cards.length > state.settings.length) cards.pop().root.remove();
  state.settings.forEach((setting, place) => showSetting(cards[place], setting, place));
  const wide = window.innerWidth > 750;
  if (cards.length === before + 1) cards[before].details.open = wide; // one was added, to be changed
  else if (cards.length !== before) for (const { details } of cards) details.open = wide && cards.length < 3;
  showComparisonNames();
  showStatus();
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function addExample({ name, title, look_at: lookAt }) {
  const button = element("button", "", title);
  button.type = "button";
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", () => {
    at("refused").hidden = true;
    for (const other of at("examples").querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
    at("look-at").textContent = lookAt;
    at("look-at").hidden = false;
    ask({ do: "try", name });
  });
  at("examples").append(button);
}

function makeChart(root, legend) {
  const figure = element("figure", "chart");
  const canvas = element("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `Chart of ${legend.map(([name]) => name).join(", ")}`);
  const caption = element("figcaption");
  for (const [name, colour, dash] of legend) {
    const entry = element("span", "", name);
    entry.style.setProperty("--colour", `var(--${colour})`);
    entry.style.setProperty("--dash", dash ?? "solid");
    caption.append(entry);
  }
  figure.append(canvas, caption);
  root.append(figure);
  return canvas;
}

function makeCard() {
  const root = element("section", "setting");
  const top = element("div", "top");
  const title = element("h2");
  const remove = element("button", "remove", "Remove");
  remove.type = "button";
  remove.addEventListener("click", () => ask({ do: "remove", setting: cards.findIndex((card) => card.root === root) }));
  top.append(title, remove);
  const planes = element("div", "planes");
  const figures = element("dl", "figures");
  const values = {};
  for (const [name, words] of [["iteration", "Iteration"], ["w1", "Exact W1"], ["says", "The critic says"], ["modes", "Modes"], ["steepest", "Steepest slope"]]) {
    const group = element("div");
    values[name] = element("dd");
    group.append(element("dt", "", words), values[name]);
    figures.append(group);
  }
  const charts = element("div", "charts");
  const distance = makeChart(charts, [["Exact W1", "made"], ["the critic says", "critic", "dashed"]]);
  const losses = makeChart(charts, [["Critic's loss", "real"], ["generator's loss", "made", "dashed"]]);
  const details = element("details");
  const form = element("form");
  form.addEventListener("submit", (event) => event.preventDefault());
  details.append(element("summary", "", "Settings"), form);
  const note = element("p", "note");
  root.append(top, planes, note, figures, charts, details);
  at("settings").append(root);
  const change = (name, value) => {
    at("refused").hidden = true;
    ask({ do: "change", setting: cards.findIndex((card) => card.root === root), name, value });
  };
  return { root, title, remove, details, planes, note, values, distance, losses, form, change, history: new History() };
}

function showSetting(card, setting, place) {
  card.title.textContent = setting.title;
  card.title.style.setProperty("--colour", `var(--series-${place})`);
  card.root.setAttribute("aria-label", `Setting ${setting.title}`);
  card.remove.hidden = state.settings.length === 1;
  fillSettings(card.form, setting.fields, limits.groups, card.change);
}

function replicaPlanes(card, replicas) {
  const across = Math.ceil(Math.sqrt(replicas));
  card.planes.style.setProperty("--across", across);
  while (card.planes.children.length < replicas) {
    const figure = element("figure", "plane");
    const canvas = element("canvas");
    canvas.setAttribute("role", "img");
    const diverged = element("p", "diverged");
    diverged.hidden = true;
    figure.append(canvas, diverged);
    card.planes.append(figure);
  }
  while (card.planes.children.length > replicas) card.planes.lastChild.remove();
  return [...card.planes.children];
}

const mean = (values) => {
  const finite = (values ?? []).filter((value) => value !== null);
  return finite.length ? finite.reduce((sum, value) => sum + value, 0) / finite.length : NaN;
};

function showPicture({ head, numbers }) {
  head.settings.forEach((setting, place) => {
    const card = cards[place];
    if (!card) return;
    showPlanes(card, setting, numbers);
    showFigures(card, setting);
  });
  showComparison();
  showStatus();
}

function part(numbers, placed, replica) {
  if (!placed) return null;
  const size = placed.shape.slice(1).reduce((product, n) => product * n, 1);
  return numbers.subarray(placed.at + replica * size, placed.at + (replica + 1) * size);
}

function showPlanes(card, setting, numbers) {
  const replicas = setting.points.shape[0];
  replicaPlanes(card, replicas).forEach((figure, replica) => {
    const [canvas, words] = figure.children;
    const by = setting.diverged[replica];
    words.hidden = by === null;
    if (by !== null) {
      words.textContent = `Diverged by iteration ${by}: a number is not finite. Try a lower learning rate.`;
      return;
    }
    const seed = replicas > 1 ? `, seed ${state.seed + replica}` : "";
    canvas.setAttribute("aria-label", `Real and generated points and the critic at iteration ${setting.iteration}${seed}`);
    const side = setting.surface ? setting.surface.shape[1] : 0;
    const [points, arrows, surface] = ["points", "arrows", "surface"].map((name) => part(numbers, setting[name], replica));
    drawPlane(canvas, { surface, side, points, arrows, data, reach: limits.reach }, colours);
  });
}

function showFigures(card, setting) {
  if (setting.iteration === 0) card.history = new History();
  const { measured } = setting;
  const says = setting.score_gap ? setting.score_gap.map((gap, replica) => (gap === null || !setting.steepest[replica] ? null : gap / setting.steepest[replica])) : null;
  const record = {
    iteration: setting.iteration,
    w1: measured?.iteration === setting.iteration ? mean(measured.w1) : NaN, // a line joins those that were computed
    says: mean(says),
    critic: mean(setting.metrics.critic_loss),
    generator: mean(setting.metrics.generator_loss),
  };
  if (setting.iteration > 0) card.history.add(record);
  card.note.textContent = setting.surface
    ? ""
    : setting.arrows
      ? "This critic scores samples by their neighbours or in packs, so the plane has no score of its own."
      : "This variant has no critic.";
  const { values } = card;
  values.iteration.textContent = setting.iteration.toLocaleString("en");
  values.w1.textContent = shown(mean(measured?.w1));
  values.says.textContent = says ? shown(record.says) : "no critic";
  values.steepest.textContent = shown(mean(setting.steepest));
  values.modes.parentElement.hidden = !measured?.modes;
  if (measured?.modes) {
    const found = mean(measured.modes);
    values.modes.textContent = `${Number.isInteger(found) ? found : found.toFixed(1)} of ${data?.modes?.length ?? "?"}`;
    values.modes.append(element("small", "", ` ${Math.round(100 * mean(measured.high_quality))}% in`));
  }
  const floor = data?.floor ?? null;
  const { records } = card.history;
  const distances = [
    { records, of: (r) => r.w1, colour: colours.made, wide: true },
    { records, of: (r) => r.says, colour: colours.critic, dash: KEPT_DASH },
  ];
  drawChart(card.distance, distances, colours, { fromZero: true, level: floor });
  const losses = [
    { records, of: (r) => r.critic, colour: colours.real },
    { records, of: (r) => r.generator, colour: colours.made, dash: KEPT_DASH },
  ];
  drawChart(card.losses, losses, colours);
}

// Exact W1 of all settings in one chart, where there are several.
function showComparison() {
  at("comparison").hidden = cards.length < 2;
  if (cards.length < 2) return;
  const lines = cards.map((card, place) => ({
    records: card.history.records,
    of: (r) => r.w1,
    colour: colours[`series-${place}`],
    dash: SERIES_DASHES[place],
    wide: true,
  }));
  drawChart(at("comparison-chart"), lines, colours, { fromZero: true, level: data?.floor ?? null });
}

function showComparisonNames() {
  at("comparison-names").replaceChildren(
    ...state.settings.map((setting, place) => {
      const entry = element("span", "", setting.title);
      entry.style.setProperty("--colour", `var(--series-${place})`);
      entry.style.setProperty("--dash", place ? "dashed" : "solid");
      return entry;
    }),
  );
}

// What a reader does

const onClick = (name, wish) => at(name).addEventListener("click", () => {
  at("refused").hidden = true;
  ask(wish());
});
onClick("run", () => ({ do: state.running ? "pause" : "start" }));
onClick("step", () => ({ do: "step" }));
onClick("restart", () => ({ do: "restart" }));
onClick("add", () => ({ do: "add", like: state.settings.length - 1 }));
onClick("use", () => ({ do: "draw", points: brush.points, spread: Number(at("spread").value) }));
at("clear").addEventListener("click", () => brush.clear());
at("width").addEventListener("input", () => (brush.width = Number(at("width").value)));
at("draw").addEventListener("click", () => {
  at("drawing").hidden = !at("drawing").hidden;
  at("draw").setAttribute("aria-expanded", String(!at("drawing").hidden));
  if (!at("drawing").hidden) {
    brush.draw();
    at("brush").focus();
  }
});
const speed = () => ask({ do: "speed", iterations: SPEEDS[Number(at("iterations").value)], pictures: Number(at("pictures").value) });
at("iterations").addEventListener("input", speed);
at("pictures").addEventListener("input", speed);
const onNumber = (name) => at(name).addEventListener("change", () => {
  at("refused").hidden = true;
  ask({ do: name, value: Number(at(name).value) });
});
onNumber("seed");
onNumber("seeds");
at("distribution").addEventListener("change", () => ask({ do: "data", name: at("distribution").value }));

const redraw = () => {
  colours = readColours();
  if (lastPicture) showPicture(lastPicture);
  if (!at("drawing").hidden) brush.draw();
};
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
window.addEventListener("resize", redraw);
