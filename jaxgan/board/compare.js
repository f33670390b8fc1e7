// Chosen runs beside each other: samples, curves over each other, last values, and the settings in which they differ.
import { about, ask, badge, el, fill, metricName, progress, runLink, speedOf, leftOf, table } from "./elements.js";
import { curvesOf, samplesOf } from "./run.js";

export function compareView(board, ids) {
  const known = ids.filter((id) => board.rows.has(id));
  const heading = el("h1", { tabindex: -1 }, `${known.length} runs compared`);
  const cards = el("div", { class: "cards" });
  const curves = curvesOf(known);
  const last = el("section");
  const settings = el("section");
  const page = `/comparison-page?${new URLSearchParams(known.map((id) => ["run", id]))}`;
  const missing = known.length < ids.length ? el("p", { class: "empty" }, `${ids.length - known.length} of the chosen runs are not in this folder.`) : null;
  const element = el("div", { class: "compare-view" }, el("p", { class: "back" }, el("a", { href: "#/" }, "All runs")), heading, missing,
    el("nav", { class: "links", "aria-label": "Pages of this comparison" }, el("a", { href: page, target: "_blank", rel: "noopener" }, "Whole comparison")),
    cards, curves.element, settings, last);
  const of = new Map(known.map((id) => {
    const row = board.rows.get(id);
    const samples = samplesOf(id, row.name, "h3");
    const link = el("a", { href: runLink(id) }, row.name);
    samples.element.querySelector("h3").replaceChildren(link);
    const parts = { state: el("span"), far: el("div"), pace: el("p", { class: "pace" }) };
    samples.element.firstChild.after(el("p", { class: "about" }, parts.state, " ", about(row)), parts.far, parts.pace);
    cards.append(samples.element);
    return [id, { samples, parts }];
  }));
  let read = false;

  async function update(news) {
    for (const [id, { parts }] of of) {
      const row = board.rows.get(id);
      if (!row) continue;
      fill(parts.state, row.state, badge);
      fill(parts.far, [row.step, row.steps, row.state], () => progress(row));
      fill(parts.pace, [speedOf(row), leftOf(row)], (words) => words.filter(Boolean).map((text) => el("span", {}, text)));
    }
    const changed = !read || news.all || news.runs.some((row) => of.has(row.id));
    if (!known.length) return null;
    if (changed) {
      const given = await ask(`/compare.json?${new URLSearchParams(known.map((id) => ["run", id]))}`);
      read = true;
      for (const run of given.runs) of.get(run.id)?.samples.update(run.samples);
      const names = given.runs.map((run) => run.name);
      fill(last, given.last, (rows) => [el("h2", {}, "Last metrics"), rows.length ? table("Last metrics by run", ["Metric", ...names], rows.map((row) => [metricName(row), ...row.values]), "numbers sides") : el("p", {}, "No metrics yet.")]);
      fill(settings, given.settings, (rows) => [el("h2", {}, "Settings that differ"), rows.length ? table("Settings that differ", ["Setting", ...names], rows.map(([name, ...values]) => [el("code", {}, name), ...values]), "sides") : el("p", {}, "None: all were trained alike.")]);
    }
    return curves.update(changed);
  }
  return { element, update, close: () => of.forEach(({ samples }) => samples.close()), title: "Comparison: jaxgan board" };
}
