// The board: knows the rows of all runs, asks for what has changed, and shows the view that the address names.
import { ask, address } from "./elements.js";
import { listView } from "./list.js";
import { runView } from "./run.js";
import { compareView } from "./compare.js";

const EVERY = 2000; // milliseconds between two looks
const main = document.getElementById("main");
const connection = document.getElementById("connection");
const rows = new Map(); // by id
const chosen = new Set(); // ids of the runs to compare
let known = { board: "", version: 0 };
let view = null;
let timer = null;
let lost = null;

async function look() {
  clearTimeout(timer);
  if (!document.hidden) {
    try {
      const news = await ask(address("/runs.json", { since: known.version, board: known.board }));
      if (news.all) rows.clear();
      for (const row of news.runs) rows.set(row.id, row);
      for (const id of news.gone) rows.delete(id);
      for (const id of chosen) if (!rows.has(id)) chosen.delete(id);
      const first = !known.board;
      known = { board: news.board, version: news.version };
      lost = null;
      connection.textContent = "";
      if (first) show();
      else if (view) await view.update(news);
    } catch (error) {
      lost = lost || new Date();
      connection.textContent = `No answer from the board since ${lost.toLocaleTimeString("en")}: it has ended, or waits. What is shown is as it was then.`;
      if (!known.board) document.getElementById("loading")?.replaceChildren("The board does not answer.");
    }
  }
  timer = setTimeout(look, EVERY);
}

function show() {
  const [kind, ...ids] = location.hash.replace(/^#\//, "").split("/").map(decodeURIComponent);
  view?.close?.();
  const board = { rows, chosen, look, go: (hash) => { location.hash = hash; } };
  if (kind === "run" && ids.length) view = runView(board, ids.join("/"));
  else if (kind === "compare" && ids.length) view = compareView(board, ids);
  else view = listView(board);
  main.replaceChildren(view.element);
  document.title = view.title;
  view.update({ runs: [...rows.values()], gone: [], all: true });
}

function route() {
  if (location.hash === "#main") { // the link that skips the head of the page
    history.replaceState(null, "", "#/");
    main.focus();
    return;
  }
  if (!known.board) return;
  show();
  scrollTo(0, 0);
  (main.querySelector("h1") || main).focus({ preventScroll: true });
}

addEventListener("hashchange", route);
document.addEventListener("visibilitychange", () => { if (!document.hidden) look(); });
look();
