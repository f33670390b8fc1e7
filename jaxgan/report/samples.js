// One slider for all strips of pictures: of each strip it shows the last picture at or before its place.
(() => {
  "use strict";
  const slider = document.getElementById("slider");
  if (!slider) return;
  const INTERVAL = 300; // milliseconds a picture stands while playing
  const replica = document.getElementById("replica");
  const play = document.getElementById("play");
  const strips = Array.from(document.querySelectorAll("figure.strip"));
  let timer = null;

  function show() {
    const chosen = replica ? replica.value : null;
    for (const strip of strips) {
      const all = Array.from(strip.querySelectorAll("img"));
      const frames = chosen === null ? all : all.filter((frame) => frame.dataset.replica === chosen);
      const current = frames.filter((frame) => Number(frame.dataset.place) <= Number(slider.value)).pop() || frames[0];
      for (const frame of all) frame.hidden = frame !== current;
      strip.querySelector("output").textContent = `step ${Number(current.dataset.step).toLocaleString("en")}`;
    }
    const step = strips[0].querySelector("output").textContent;
    slider.setAttribute("aria-valuetext", slider.dataset.unit ? `${slider.value} ${slider.dataset.unit}` : step);
  }

  // The places at which some strip changes its picture, in order.
  function places() {
    const found = new Set(strips.flatMap((strip) => Array.from(strip.querySelectorAll("img"), (frame) => Number(frame.dataset.place))));
    return Array.from(found).filter((place) => place <= Number(slider.max)).sort((a, b) => a - b);
  }

  function stop() {
    clearInterval(timer);
    timer = null;
    play.textContent = "Play";
  }

  function advance() {
    const next = places().find((place) => place > Number(slider.value));
    if (next === undefined) return stop();
    slider.value = Math.ceil(next);
    show();
  }

  play.addEventListener("click", () => {
    if (timer !== null) return stop();
    if (!places().some((place) => place > Number(slider.value))) {
      slider.value = slider.min;
      show();
    }
    play.textContent = "Pause";
    timer = setInterval(advance, INTERVAL);
  });
  slider.addEventListener("input", () => {
    stop();
    show();
  });
  if (replica) {
    replica.addEventListener("change", () => {
      slider.max = strips[0].querySelectorAll(`img[data-replica="${replica.value}"]`).length - 1;
      show();
    });
  }
  document.getElementById("controls").hidden = false;
  show();
})();
