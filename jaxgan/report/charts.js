// Hands the figures to Plotly in the page's colours, and draws them anew when a choice, the colour scheme or the figures change.
(() => {
  "use strict";
  const own = document.getElementById("figures"); // of a page that holds its figures; the board hands them over
  let figures = own ? JSON.parse(own.textContent) : null;
  let drawn = []; // a function a chart, which draws it anew
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const touch = matchMedia("(pointer: coarse)").matches; // there a drag scrolls the page, and the buttons zoom
  const SERIES = 6; // colours in page.css
  const coloured = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

  function layout(logarithmic, view) {
    const [ink, quiet, line, ground] = ["ink", "quiet", "line", "ground"].map(coloured);
    const axis = { gridcolor: line, linecolor: line, tickcolor: line };
    const names = view.traces.filter((trace) => !trace.meta.band).map((trace) => trace.name.split("<br>").length);
    const legend = names.reduce((height, lines) => height + 29 + 16 * (lines - 1), 8); // pixels
    return {
      ...figures.layout,
      height: figures.layout.height + legend,
      margin: { ...figures.layout.margin, b: figures.layout.margin.b + legend },
      font: { ...figures.layout.font, color: ink },
      xaxis: { ...figures.layout.xaxis, ...axis, tickfont: { color: quiet } },
      yaxis: { ...figures.layout.yaxis, ...axis, tickfont: { color: quiet }, type: logarithmic ? "log" : "linear" },
      hoverlabel: { bgcolor: ground, bordercolor: line, font: { color: ink } },
      modebar: { color: quiet, activecolor: ink, bgcolor: "rgba(0,0,0,0)", orientation: "h" },
      dragmode: touch ? false : "zoom",
      uirevision: `${view.name} ${logarithmic}`, // new colours leave the zoom as it is
    };
  }

  function traces(view, floor) {
    return view.traces.map((trace) => {
      const colour = coloured(`series-${trace.meta.series % SERIES}`);
      const y = trace.meta.band && floor !== null ? trace.y.map((value) => value === null ? null : Math.max(value, floor)) : trace.y;
      return { ...trace, y, fillcolor: colour, line: { ...trace.line, color: colour }, marker: { ...trace.marker, color: colour } };
    });
  }

  function read(plot, by) { // what the pointer does by hovering: the values at the next step, shown and said
    const lines = plot.data.filter((trace, i) => !trace.meta.band && plot._fullData[i].visible === true);
    const said = plot.parentElement.querySelector("output");
    said.textContent = "";
    const [from, to] = plot._fullLayout.xaxis.range;
    const steps = [...new Set(lines.flatMap((line) => line.x))].filter((x) => x >= from && x <= to).sort((a, b) => a - b);
    if (!steps.length) return;
    const at = plot.dataset.step === undefined ? null : Number(plot.dataset.step);
    const next = at === null ? steps[0] : by > 0 ? steps.find((x) => x > at) : steps.findLast((x) => x < at);
    const step = next ?? (by > 0 ? steps.at(-1) : steps[0]);
    plot.dataset.step = step;
    Plotly.Fx.hover(plot, { xval: step });
    const values = lines.map((line) => {
      const i = line.x.indexOf(step);
      if (i < 0 || line.y[i] === null) return null;
      const deviation = line.customdata && line.customdata[i][0];
      return `${line.meta.text} ${Number(line.y[i].toPrecision(4))}${deviation ? ` ± ${Number(deviation.toPrecision(2))}` : ""}`;
    });
    said.textContent = [`step ${step}`, ...values.filter((value) => value !== null)].join(", ");
  }

  function keys(plot, event) { // what the mouse does by dragging
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "," || event.key === ".") {
      event.preventDefault();
      read(plot, event.key === "." ? 1 : -1);
      return;
    }
    const axis = plot._fullLayout.xaxis;
    const [from, to] = axis.range;
    const width = to - from, middle = (from + to) / 2;
    const zoomed = (factor) => [middle - (factor * width) / 2, middle + (factor * width) / 2];
    const moved = (share) => [from + share * width, to + share * width];
    const range = { "+": () => zoomed(0.5), "=": () => zoomed(0.5), "-": () => zoomed(2),
      ArrowLeft: () => moved(-0.2), ArrowRight: () => moved(0.2) }[event.key];
    if (!(range || event.key === "0")) return;
    event.preventDefault();
    Plotly.relayout(plot, range ? { "xaxis.range": range() } : { "xaxis.autorange": true, "yaxis.autorange": true });
  }

  function start(place) {
    const plot = place.querySelector(".plot");
    const select = place.querySelector("select");
    const log = place.querySelector("input[type=checkbox]");
    function draw() {
      if (!plot.isConnected) return; // of a view that is left
      const { views } = figures.charts[Number(place.dataset.chart)];
      const view = views[select ? select.selectedIndex : 0];
      const about = place.querySelector(".about");
      if (about) about.textContent = view.about;
      if (place.dataset.view !== view.name) place.querySelector("output").textContent = ""; // what was read of another view
      place.dataset.view = view.name;
      const values = view.traces.filter((trace) => !trace.meta.band).flatMap((trace) => trace.y).filter((y) => y !== null);
      log.disabled = !values.length || values.some((value) => value <= 0);
      log.parentElement.title = log.disabled ? "Not every value is positive" : "";
      const logarithmic = log.checked && !log.disabled;
      const floor = logarithmic ? Math.min(...values) / 3 : null; // a band that reaches below zero ends here
      return Plotly.react(plot, traces(view, floor), layout(logarithmic, view), { ...figures.config, displayModeBar: touch ? true : "hover" });
    }
    if (select) select.addEventListener("change", draw);
    log.addEventListener("change", draw);
    plot.addEventListener("keydown", (event) => keys(plot, event));
    drawn.push(draw);
    draw();
  }

  function show(root, next) { // draws the figures in the places below `root`
    figures = next;
    drawn = [];
    root.querySelector(".charts").hidden = false;
    root.querySelectorAll(".chart").forEach(start);
  }

  function update(next) { // the same charts with other figures: choices, zoom and scales stay
    figures = next;
    for (const draw of drawn) draw();
  }

  dark.addEventListener("change", () => drawn.forEach((draw) => draw()));
  window.charts = { show, update };
  if (own) show(document, figures);
})();
