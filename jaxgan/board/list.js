// All runs: a row each, which stays where it is while its figures change.
import { about, ago, badge, compareLink, count, el, fill, leftOf, outline, picture, progress, runLink, running, speedOf } from "./elements.js";

const ORDERS = {
  "last written": (a, b) => running(b) - running(a) || b.written - a.written,
  name: (a, b) => a.name.localeCompare(b.name, "en", { numeric: true }),
  "share done": (a, b) => (b.steps ? b.step / b.steps : 0) - (a.steps ? a.step / a.steps : 0),
};
const GROUPS = { all: () => true, running, done: (row) => row.state === "done", stopped: (row) => row.state === "stopped",
  diverged: (row) => row.state === "diverged", "with findings": (row) => row.found?.length > 0 };
const MOST = 12; // runs to compare
const kept = { text: "", order: "last written", group: "all" }; // while another view is shown

export function listView(board) {
  const heading = el("h1", { tabindex: -1 }, "Runs");
  const search = el("input", { type: "search", placeholder: "Filter by name, variant, data", "aria-label": "Filter runs", autocomplete: "off", value: kept.text,
    oninput: () => { kept.text = search.value; arrange(); } });
  const order = el("select", { autocomplete: "off", onchange: () => { kept.order = order.value; arrange(); } },
    ...Object.keys(ORDERS).map((name) => el("option", { selected: name === kept.order }, name)));
  const groups = el("div", { class: "groups", role: "group", "aria-label": "Which runs" },
    ...Object.keys(GROUPS).map((name) => el("button", { type: "button", "data-group": name, onclick: () => { kept.group = name; arrange(); } }, name)));
  const list = el("ul", { class: "runs" });
  const empty = el("p", { class: "empty", hidden: true });
  const compare = el("div", { class: "compare-bar", hidden: true });
  const element = el("div", { class: "list-view" }, heading,
    el("div", { class: "tools" }, groups, el("span", { class: "find" }, search, el("label", {}, "Order ", order))), list, empty, compare);
  const items = new Map(); // by id: the element of a row, and what it shows

  function item(row) {
    const box = el("input", { type: "checkbox", "aria-label": `Compare ${row.name}`, autocomplete: "off", onchange: () => {
      if (box.checked) board.chosen.add(row.id);
      else board.chosen.delete(row.id);
      choose();
    } });
    box.checked = board.chosen.has(row.id);
    const parts = { picture: el("div", { class: "thumb" }), name: el("a", { class: "name", href: runLink(row.id) }, row.name), about: el("div", { class: "about" }),
      state: el("div", { class: "at" }), progress: el("div"), outline: el("div", { class: "outline" }), pace: el("div", { class: "pace" }), found: el("div", { class: "found" }) };
    const li = el("li", {}, el("label", { class: "choose" }, box), parts.picture, el("div", { class: "who" }, parts.name, parts.about),
      parts.state, parts.progress, parts.outline, parts.pace, parts.found);
    return { li, parts, box };
  }

  function write({ parts, li }, row) {
    li.dataset.state = row.state;
    const image = parts.picture.querySelector("img");
    parts.picture.classList.toggle("on-white", row.on_white);
    if (image && row.picture) { // the old picture stays until the new one is there
      const source = picture(row.id, row.picture);
      if (image.getAttribute("src") !== source) image.src = source;
    } else fill(parts.picture, row.picture !== null, (there) => there
      ? el("img", { src: picture(row.id, row.picture), loading: "lazy", decoding: "async", alt: "", width: 64, height: 64 }) : el("span", {}, "no picture"));
    fill(parts.about, about(row), (text) => text);
    fill(parts.state, row.state, badge);
    fill(parts.progress, [row.step, row.steps, row.state], () => progress(row));
    fill(parts.outline, row.outline, outline);
    fill(parts.pace, [speedOf(row), leftOf(row), running(row) ? "" : ago(row.written)], ([speed, left, when]) =>
      [speed && el("span", {}, speed), left && el("span", {}, left), when && el("span", {}, when)].filter(Boolean));
    fill(parts.found, row.found, (found) => found?.length ? [el("span", { class: "finding" }, found[0]), found.length > 1 ? el("span", { class: "more" }, ` and ${found.length - 1} more`) : null] : "");
  }

  function arrange() {
    const words = kept.text.toLowerCase().split(/\s+/).filter(Boolean);
    const all = [...board.rows.values()];
    const fits = (row) => words.every((word) => `${row.name} ${about(row)} ${row.state}`.toLowerCase().includes(word));
    const rows = all.filter((row) => fits(row) && GROUPS[kept.group](row)).sort(ORDERS[kept.order]);
    for (const button of groups.children) {
      const name = button.dataset.group;
      const many = all.filter(GROUPS[name]).length;
      button.textContent = `${name} ${count(many)}`;
      button.setAttribute("aria-pressed", name === kept.group);
      button.hidden = !many && name !== "all" && name !== kept.group;
    }
    const shown = new Set(rows.map((row) => row.id));
    for (const [id, { li }] of items) if (!shown.has(id)) li.remove();
    const focused = document.activeElement;
    rows.forEach((row, i) => { // an element is moved only where it stands in another place
      if (!items.has(row.id)) {
        items.set(row.id, item(row));
        write(items.get(row.id), row);
      }
      const { li } = items.get(row.id);
      if (list.children[i] !== li) list.insertBefore(li, list.children[i] || null);
    });
    if (focused?.isConnected && document.activeElement !== focused) focused.focus({ preventScroll: true });
    empty.hidden = rows.length > 0;
    empty.replaceChildren(...(all.length ? ["No run fits."] : ["No runs here yet. Train one: ", el("code", {}, "python -m jaxgan.train"), " fills a folder under runs/."]));
    heading.textContent = all.length === 1 ? "1 run" : `${count(all.length)} runs`;
    choose();
  }

  function choose() {
    const ids = [...board.chosen];
    compare.hidden = !ids.length;
    const enough = ids.length > 1 && ids.length <= MOST;
    fill(compare, ids, () => [
      el("span", {}, `${ids.length} chosen`),
      enough ? el("a", { class: "button", href: compareLink(ids) }, "Compare") : el("span", {}, ids.length > MOST ? `at most ${MOST} are compared` : "choose another to compare"),
      el("button", { type: "button", onclick: () => { board.chosen.clear(); for (const { box } of items.values()) box.checked = false; choose(); search.focus(); } }, "Clear"),
    ]);
  }

  function update(news) {
    for (const id of news.gone) { items.get(id)?.li.remove(); items.delete(id); }
    for (const row of news.runs) if (items.has(row.id)) write(items.get(row.id), row);
    if (news.all || news.runs.length || news.gone.length) arrange();
  }
  return { element, update, title: `${document.querySelector(".folder").textContent}: jaxgan board` };
}
