// One run: how far it is, its samples, its curves, what the doctor says, and the button that stops it.
import { about, address, ask, badge, count, el, fill, leftOf, metricName, picture, progress, running, speedOf, table, ago } from "./elements.js";

const PLAY = 250; // milliseconds a picture stands while playing

export function runView(board, id) {
  const row = () => board.rows.get(id);
  const name = row()?.name ?? id;
  const heading = el("h1", { tabindex: -1 }, name);
  const state = el("span", { class: "at" });
  const words = el("p", { class: "about" });
  const far = el("div", { class: "far" });
  const pace = el("p", { class: "pace", "aria-live": "off" });
  const links = el("nav", { class: "links", "aria-label": "Pages of this run" });
  const said = el("output", { class: "said" });
  const stop = el("button", { type: "button", class: "stop", hidden: true, onclick: () => dialog.showModal() }, "Stop this run");
  const complaints = el("div");
  const doctor = el("section", { class: "doctor" });
  const last = el("section");
  const settings = el("section");
  const samples = samplesOf(id);
  const curves = curvesOf([id]);
  const dialog = el("dialog", { "aria-labelledby": "stop-title" },
    el("h2", { id: "stop-title" }, `Stop ${name}?`),
    el("p", {}, "As Ctrl-C would: it ends after the steps in progress, with a checkpoint, and goes on later with ", el("code", {}, "--resume"), "."),
    el("form", { method: "dialog" },
      el("button", { value: "no" }, "Let it train"), el("button", { value: "yes", class: "stop" }, "Stop it")));
  dialog.addEventListener("close", () => { if (dialog.returnValue === "yes") interrupt(); dialog.returnValue = ""; });

  const gone = el("p", { class: "empty", hidden: true }, "There is no such run in this folder.");
  const element = el("div", { class: "run-view" },
    el("p", { class: "back" }, el("a", { href: "#/" }, "All runs")), gone,
    el("div", { class: "head" }, el("div", {}, heading, words), el("div", { class: "now" }, state, stop)),
    far, el("div", { class: "under" }, pace, links), said, complaints,
    el("div", { class: "columns" }, el("div", { class: "side" }, samples.element, doctor), curves.element), last, settings, dialog);

  async function interrupt() {
    said.textContent = "";
    stop.disabled = true;
    try {
      await ask("/stop", { method: "POST", body: JSON.stringify({ run: id }),
        headers: { "Content-Type": "application/json", "X-Jaxgan-Token": document.querySelector("meta[name=token]").content } });
      said.textContent = "Asked to stop: it ends after the steps in progress and a checkpoint.";
    } catch (error) {
      said.textContent = `Not stopped: ${error.message}.`;
    }
    stop.disabled = false;
    board.look();
  }

  function head() {
    const now = row();
    element.classList.toggle("missing", !now);
    gone.hidden = Boolean(now);
    if (!now) return;
    fill(state, now.state, badge);
    fill(words, about(now), (text) => text);
    fill(far, [now.step, now.steps, now.state], () => progress(now));
    fill(pace, [speedOf(now), leftOf(now), running(now) ? "" : `last written ${ago(now.written)}`], (parts) => parts.filter(Boolean).map((text) => el("span", {}, text)));
    stop.hidden = !now.stoppable;
    if (!running(now) && said.textContent.startsWith("Asked")) said.textContent = "It has stopped; its checkpoint is safe.";
  }

  let full = "";
  async function update(news) {
    head();
    if (!row() || !(news.all || news.runs.some((changed) => changed.id === id) || !full)) return curves.update(false);
    const given = await ask(address("/run.json", { run: id }));
    full = given.name;
    samples.update(given.samples);
    fill(complaints, given.complaints, (lines) => lines.length ? el("ul", { class: "complaints" }, ...lines.map((line) => el("li", {}, line))) : "");
    fill(doctor, given.doctor, doctorSection);
    fill(last, given.last, lastSection);
    fill(settings, [given.settings, given.command, given.began, given.devices], settingsSection);
    fill(links, [id, given.generator_page], linksOf);
    return curves.update(true);
  }

  return { element, update, close: samples.close, title: `${name}: jaxgan board` };
}

function doctorSection(doctor) {
  return [el("h2", {}, "How it goes"),
    doctor.findings.length ? el("ul", { class: "findings" }, ...doctor.findings.map((finding) =>
      el("li", {}, el("strong", {}, finding.headline), ` ${finding.measured}.`, el("p", {}, `Try ${finding.advice}.`), el("small", {}, finding.source)))) : el("p", {}, doctor.verdict),
    doctor.open.length ? el("details", {}, el("summary", {}, doctor.not_known), ...doctor.open.map((line) => el("p", {}, line))) : ""];
}

function lastSection(rows) {
  const several = rows.some((row) => row.deviation);
  return [el("h2", {}, "Last metrics"),
    rows.length ? el("p", {}, `The last value of each${several ? ": mean and standard deviation over the replicas" : ""}.`) : el("p", {}, "No metrics yet."),
    rows.length ? table("Last metrics", ["Metric", "Value", ...(several ? ["Deviation"] : []), "Step"], rows.map((row) => [metricName(row),
      row.not_finite ? `${row.value} (${row.not_finite} not finite)` : row.value, ...(several ? [row.deviation] : []), count(row.step)]), "numbers") : ""];
}

function settingsSection([rows, command, began, devices]) {
  const more = [["command", command], ["begun", began ? new Date(began).toLocaleString("en", { dateStyle: "medium", timeStyle: "short" }) : ""], ["devices", devices]].filter(([, text]) => text);
  return el("details", { class: "settings" }, el("summary", {}, el("h2", {}, "Settings")), table("Settings", [], [...more, ...rows].map(([name, text]) => [el("code", {}, name), text])));
}

function linksOf([id, generator]) {
  const page = (path, words) => el("a", { href: address(path, { run: id }), target: "_blank", rel: "noopener" }, words);
  return [page("/run-page", "Whole report"), generator ? page("/generator-page", "The generator, drawing in the browser") : ""].filter(Boolean);
}

// The samples of a run: the newest, which follows the run, or those of a step that the reader has chosen.
export function samplesOf(id, title = "Samples", level = "h2") {
  const image = el("img", { alt: "", decoding: "async" });
  const caption = el("figcaption", {}, el("output", {}), " ");
  const slider = el("input", { type: "range", min: 0, max: 0, value: 0, "aria-label": `Step of the samples${level === "h2" ? "" : ` of ${title}`}`, autocomplete: "off" });
  const play = el("button", { type: "button" }, "Play");
  const replica = el("select", { autocomplete: "off", "aria-label": "Replica" });
  const none = el("p", {});
  const controls = el("div", { class: "controls" }, slider, play, replica);
  const element = el("section", { class: "samples" }, el(level, {}, title), none, el("figure", {}, image, caption), controls);
  let steps = [];
  let follows = true;
  let timer = null;

  function show() {
    const step = steps[slider.value];
    if (step === undefined) return;
    const source = picture(id, [replica.value || 0, step]);
    if (image.getAttribute("src") !== source) image.src = source;
    image.alt = `Samples at step ${step}`;
    caption.firstChild.textContent = `step ${count(step)}`;
    caption.lastChild.textContent = follows && steps.length > 1 ? " (the newest)" : ` of ${count(steps.at(-1))}`;
    slider.setAttribute("aria-valuetext", `step ${step}`);
  }
  function halt() { clearInterval(timer); timer = null; play.textContent = "Play"; }
  function moved() { follows = Number(slider.value) === steps.length - 1; show(); }
  slider.addEventListener("input", () => { halt(); moved(); });
  replica.addEventListener("change", show);
  play.addEventListener("click", () => {
    if (timer !== null) return halt();
    if (Number(slider.value) === steps.length - 1) slider.value = 0;
    play.textContent = "Pause";
    moved();
    timer = setInterval(() => { slider.value = Number(slider.value) + 1; moved(); if (follows) halt(); }, PLAY);
  });

  function update(given) {
    const at = steps[slider.value];
    steps = given.steps;
    none.textContent = steps.length ? "" : given.none;
    none.hidden = steps.length > 0;
    image.parentElement.hidden = !steps.length;
    image.parentElement.classList.toggle("on-white", given.on_white);
    controls.hidden = steps.length < 2 && given.replicas.length < 2;
    slider.max = Math.max(0, steps.length - 1);
    slider.value = follows ? slider.max : Math.max(0, steps.findLastIndex((step) => step <= at));
    replica.hidden = given.replicas.length < 2;
    fill(replica, given.replicas, (all) => all.map(([number, seed]) => el("option", { value: number }, `replica ${number}${seed === null ? "" : ` (seed ${seed})`}`)));
    show();
  }
  return { element, update, close: halt };
}

// The curves of one run, or of several over each other; they are asked for again when a run has gone on, and not more often than the machine bears.
export function curvesOf(ids) {
  const places = el("div");
  const about = el("p", { class: "empty" }, "Reading the curves.");
  const element = el("section", { class: "curves" }, el("h2", {}, "Curves"), places, about);
  let version = "";
  let shown = "";
  let due = true;
  let free = 0; // when the next question may be asked

  async function update(changed) {
    due ||= changed;
    if (!due || performance.now() < free) return;
    const began = performance.now();
    const query = new URLSearchParams([...ids.map((id) => ["run", id]), ["version", version]]);
    const given = await ask(`/charts.json?${query}`);
    due = false;
    if (given && element.isConnected) {
      version = given.version;
      const some = given.figures.charts.length > 0;
      about.textContent = some ? "Drag over a chart to zoom, double-click to see all. Keys: + and \u2212 zoom, arrows move, 0 shows all, . and , read the values." : "No curves yet: nothing was logged.";
      if (some && shown === given.places) window.charts.update(given.figures);
      else if (some) {
        places.innerHTML = given.places; // made and escaped by the board (html.markup)
        window.charts.show(places, given.figures);
      } else places.replaceChildren();
      shown = given.places;
    }
    free = performance.now() + 5 * (performance.now() - began);
  }
  return { element, update };
}
