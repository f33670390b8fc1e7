// Elements and words that all views share. Text enters the page as text alone.

export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

export const count = (value) => value.toLocaleString("en");
export const address = (path, values) => `${path}?${new URLSearchParams(values)}`;
export const runLink = (id) => `#/run/${encodeURIComponent(id)}`;
export const compareLink = (ids) => `#/compare/${ids.map(encodeURIComponent).join("/")}`;

export const picture = (id, [replica, step]) => address("/picture.png", { run: id, replica, step });

export const STATES = { running: "running", stopping: "stopping", elsewhere: "running elsewhere", done: "done", stopped: "stopped", diverged: "diverged" };

export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${count(Math.floor(whole / 3600))} h ${Math.floor((whole % 3600) / 60)} min`;
}

export function ago(then) { // seconds since 1970
  const gone = Date.now() / 1000 - then;
  if (!then) return "";
  if (gone < 60) return "just now";
  if (gone < 3600) return `${Math.floor(gone / 60)} min ago`;
  if (gone < 86400) return `${Math.floor(gone / 3600)} h ago`;
  return new Date(then * 1000).toLocaleDateString("en", { day: "numeric", month: "short", year: "numeric" });
}

export const speedOf = (row) => row.speed === null ? "" : `${row.speed < 100 ? Number(row.speed.toPrecision(3)) : count(Math.round(row.speed))} steps/s`;
export const running = (row) => ["running", "stopping", "elsewhere"].includes(row.state);

export function leftOf(row) {
  if (row.state === "stopping") return "stops after the steps in progress and a checkpoint";
  if (running(row) && row.step === 0) return "compiling, or before its first line of metrics";
  return row.left === null ? "" : `${duration(row.left)} left`;
}

export function about(row) { // what was trained, in a few words
  const parts = [row.variant && row.dataset ? `${row.variant} on ${row.dataset}` : row.variant || row.dataset, row.network];
  parts.push(row.replicas > 1 ? `${count(row.replicas)} replicas` : row.seed === null ? "" : `seed ${row.seed}`);
  return parts.filter(Boolean).join(", ");
}

export function badge(state) {
  return el("span", { class: `state ${state}` }, STATES[state] || state);
}

export function progress(row) {
  const share = row.steps ? Math.min(1, row.step / row.steps) : 0;
  const words = row.steps ? `${count(row.step)} of ${count(row.steps)} steps` : `${count(row.step)} steps`;
  const bar = el("div", { class: `bar ${row.state}`, role: "progressbar", "aria-valuemin": 0, "aria-valuemax": row.steps || row.step, "aria-valuenow": row.step, "aria-label": words }, el("i"));
  bar.firstChild.style.width = `${100 * share}%`;
  return el("div", { class: "progress" }, bar, el("span", {}, words));
}

// The table of a view; it scrolls by itself where it is too wide.
export function table(label, columns, rows, kind = "") {
  return el("div", { class: "scroll", role: "region", "aria-label": label, tabindex: 0 },
    el("table", { class: kind },
      columns.length ? el("thead", {}, el("tr", {}, ...columns.map((column) => el("th", { scope: "col" }, column)))) : null,
      el("tbody", {}, ...rows.map(([head, ...cells]) => el("tr", {}, el("th", { scope: "row" }, ...[head].flat()), ...cells.map((cell) => el("td", {}, cell)))))));
}

// A metric's name, which may break after an underscore, and what it means.
export function metricName(row) {
  const parts = row.name.split("_").flatMap((part, i) => i ? ["_", el("wbr"), part] : [part]);
  const notes = [row.meaning, row.better && `${row.better} is better`].filter(Boolean).join("; ");
  return [el("code", {}, ...parts), notes ? el("small", {}, notes) : null].filter(Boolean);
}

export async function ask(path, options = {}) { // null where nothing has changed
  const answer = await fetch(path, { ...options, credentials: "omit" });
  if (answer.status === 204) return null;
  const value = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(value.error || answer.statusText), { status: answer.status });
  return value;
}

// Replaces the children of a place only where what they say has changed, so that focus and selection stay.
export function fill(place, value, make) {
  const text = JSON.stringify(value);
  if (place.dataset.shown === text) return false;
  place.dataset.shown = text;
  place.replaceChildren(...[make(value)].flat().filter((child) => child !== null && child !== ""));
  return true;
}

// The losses in the small, critic's and generator's on one scale.
export function outline(lines) {
  if (!lines.length) return "";
  const svg = (tag, attributes) => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const drawing = svg("svg", { viewBox: "0 0 100 30", preserveAspectRatio: "none", role: "img", "aria-label": "Losses of critic and generator over the run" });
  lines.forEach((heights, i) => {
    const at = (height, x) => `${(100 * x) / Math.max(1, heights.length - 1)} ${29 - 0.28 * height}`;
    const path = heights.map((height, x) => height === null ? "" : `${x && heights[x - 1] !== null ? "L" : "M"}${at(height, x)}`).join("");
    drawing.append(svg("path", { class: `line-${i}`, d: path, "vector-effect": "non-scaling-stroke" }));
  });
  return drawing;
}
