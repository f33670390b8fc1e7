// The page in which a generator draws: its controls, and what is painted of its samples. layers.js computes them.
(async () => {
  "use strict";
  const byId = (name) => document.getElementById(name);
  const spec = JSON.parse(byId("spec").textContent);
  const { graph, kind } = spec;
  const status = byId("status");
  const canvas = byId("canvas");
  const context = canvas.getContext("2d");
  const SECONDS = 2; // of a walk from one latent to the next
  const POINT_CANVAS = 720;

  // What the file holds packed (gzip in base64), as bytes.
  async function unpacked(name) {
    const text = atob(byId(name).textContent.trim());
    const packed = Uint8Array.from(text, (character) => character.charCodeAt(0));
    byId(name).remove();
    return new Response(new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
  }

  // TensorFlow.js asks its platform for its program: it gets the one that the page holds, and no request is made.
  async function library() {
    const program = await unpacked("program");
    const tf = tensorflow;
    tf.env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
    const platform = tf.env().platform;
    platform.fetch = async () => new Response(program, { headers: { "Content-Type": "application/wasm" } });
    tf.setWasmPaths("", true);
    await tf.setBackend("wasm");
    await tf.ready();
    return tf;
  }

  // Standard normal numbers of a seed: mulberry32 and the Box-Muller transform. They are others than jaxgan's own of that seed.
  function normals(seed, count) {
    let state = seed >>> 0;
    const uniform = () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let t = Math.imul(state ^ (state >>> 15), state | 1);
      t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
      return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
    };
    const numbers = new Float32Array(count);
    for (let i = 0; i < count; i += 2) {
      const radius = Math.sqrt(-2 * Math.log(uniform()));
      const angle = 2 * Math.PI * uniform();
      numbers[i] = radius * Math.cos(angle);
      if (i + 1 < count) numbers[i + 1] = radius * Math.sin(angle);
    }
    return numbers;
  }

  // The great circle from a to b, latent by latent: the norm stays what the generator knows.
  function between(a, b, t, dim) {
    if (t === 0) return a.slice();
    const made = new Float32Array(a.length);
    for (let start = 0; start < a.length; start += dim) {
      let product = 0, normA = 0, normB = 0;
      for (let i = start; i < start + dim; i++) {
        product += a[i] * b[i];
        normA += a[i] * a[i];
        normB += b[i] * b[i];
      }
      const angle = Math.acos(Math.max(-1, Math.min(1, product / Math.sqrt(normA * normB || 1))));
      const near = angle > 1e-4 ? Math.sin((1 - t) * angle) / Math.sin(angle) : 1 - t;
      const far = angle > 1e-4 ? Math.sin(t * angle) / Math.sin(angle) : t;
      for (let i = start; i < start + dim; i++) made[i] = near * a[i] + far * b[i];
    }
    return made;
  }

  let generate;
  let arrays;
  try {
    const [tf, buffer] = [await library(), await unpacked("weights")];
    const numbers = new Float32Array(buffer);
    arrays = Object.fromEntries(Object.entries(spec.arrays).map(([name, { offset, shape }]) =>
      [name, { shape, values: numbers.subarray(offset, offset + shape.reduce((a, b) => a * b, 1)) }]));
    generate = makeGenerator(tf, graph, arrays);
  } catch (error) {
    status.textContent = `This browser does not run the generator (WebAssembly with SIMD and DecompressionStream are wanted): ${error.message || error}`;
    return;
  }

  const sampleLength = graph.sample_shape.reduce((a, b) => a * b, 1);
  const chosen = { seed: Number(byId("seed").value), playing: false, last: 0, from: null, to: null, wanted: false };
  const sliders = (name) => Array.from(document.querySelectorAll(`#${name} input`));
  const value = (name) => Number(byId(name).value);

  function drawLatents() {
    const length = value("count") * graph.latent_dim;
    chosen.from = normals(chosen.seed, length);
    chosen.to = normals(chosen.seed + 1, length);
  }

  function latents() {
    const z = between(chosen.from, chosen.to, value("between"), graph.latent_dim);
    const push = new Float32Array(graph.latent_dim);
    sliders("directions").forEach((slider, k) => spec.directions[k].forEach((part, i) => (push[i] += Number(slider.value) * part)));
    const psi = value("truncation");
    for (let i = 0; i < z.length; i++) z[i] = psi * z[i] + push[i % graph.latent_dim];
    return z;
  }

  function labelsOf(n) {
    if (graph.n_classes) {
      const label = byId("label").value;
      return Int32Array.from({ length: n }, (_, i) => (label === "every" ? i % graph.n_classes : Number(label)));
    }
    if (!graph.label_dim) return null;
    const row = sliders("labels").map((slider, k) => (Number(slider.value) - spec.labels.offset[k]) / spec.labels.scale[k]);
    return Float32Array.from({ length: n * row.length }, (_, i) => row[i % row.length]);
  }

  // Sample i is made by generator i modulo their number, or all by the one that is chosen.
  function samplesOf(z, labels) {
    if (graph.generators === 1) return generate(z, labels);
    const only = byId("generator").value;
    if (only !== "every") return generate(z, labels, Number(only));
    const n = z.length / graph.latent_dim;
    const made = new Float32Array(n * sampleLength);
    for (let g = 0; g < graph.generators; g++) {
      const rows = Array.from({ length: n }, (_, i) => i).filter((i) => i % graph.generators === g);
      if (!rows.length) continue;
      const pick = (all, width, type) => type.from({ length: rows.length * width }, (_, i) => all[rows[Math.floor(i / width)] * width + (i % width)]);
      const own = labels && pick(labels, graph.n_classes ? 1 : graph.label_dim, labels.constructor);
      const part = generate(pick(z, graph.latent_dim, Float32Array), own, g);
      rows.forEach((row, i) => made.set(part.subarray(i * sampleLength, (i + 1) * sampleLength), row * sampleLength));
    }
    return made;
  }

  // ---- painting ----

  function color(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  const byte = (x) => 127.5 * (x + 1); // clamped by the array that takes it

  // Pictures side by side in a square. Of two channels, or more than four, the first is shown.
  function paintPictures(samples, n) {
    const [height, width, channels] = graph.sample_shape.slice(-3);
    const depth = kind === "volumes" ? value("slice") : 0;
    const columns = Math.ceil(Math.sqrt(n));
    const rows = Math.ceil(n / columns);
    const gap = n > 1 ? 1 : 0;
    canvas.width = columns * (width + gap) - gap;
    canvas.height = rows * (height + gap) - gap;
    for (let k = 0; k < n; k++) {
      const picture = context.createImageData(width, height);
      const start = k * sampleLength + depth * height * width * channels;
      for (let p = 0; p < height * width; p++) {
        const at = (c) => samples[start + p * channels + c];
        for (let c = 0; c < 3; c++) picture.data[4 * p + c] = byte(at(channels === 3 || channels === 4 ? c : 0));
        picture.data[4 * p + 3] = channels === 4 ? byte(at(3)) : 255;
      }
      context.putImageData(picture, (k % columns) * (width + gap), Math.floor(k / columns) * (height + gap));
    }
  }

  // The critic's scores as colours from blue (fake) over grey to orange (real), as a picture of a pixel a place.
  function surfacePicture() {
    const side = spec.surface.axis.length;
    const scores = spec.surface.scores.flat();
    const low = Math.min(...scores);
    const high = Math.max(...scores);
    const picture = new ImageData(side, side);
    scores.forEach((score, i) => {
      const t = high > low ? (score - low) / (high - low) : 0.5;
      const place = 4 * ((side - 1 - Math.floor(i / side)) * side + (i % side)); // y points upward
      picture.data.set([30 + 210 * t, 110 + 60 * t, 200 - 160 * t, 110], place);
    });
    const own = document.createElement("canvas");
    own.width = own.height = side;
    own.getContext("2d").putImageData(picture, 0, 0);
    return own;
  }
  const surface = spec.surface ? surfacePicture() : null;

  function inUnits(x, feature) {
    return spec.scaling ? x * spec.scaling.scale[feature] + spec.scaling.offset[feature] : x;
  }

  function paintPoints(samples, n) {
    canvas.width = canvas.height = POINT_CANVAS;
    const reach = spec.reach;
    const place = (x, y) => [((x / reach + 1) / 2) * POINT_CANVAS, ((1 - y / reach) / 2) * POINT_CANVAS];
    const dot = (x, y, size) => context.fillRect(...place(x, y).map((at) => at - size / 2), size, size);
    if (surface && byId("surface").checked) context.drawImage(surface, 0, 0, POINT_CANVAS, POINT_CANVAS);
    if (spec.real.length && byId("real").checked) {
      context.fillStyle = color("--quiet");
      for (const [x, y] of spec.real) dot(x, y, 3);
    }
    context.fillStyle = color("--series-1");
    for (let i = 0; i < n; i++) dot(samples[2 * i], samples[2 * i + 1], n > 1 ? 3 : 9);
    context.fillStyle = color("--ink");
    context.font = "16px system-ui";
    for (const t of [-0.8, -0.4, 0, 0.4, 0.8]) {
      const [x, y] = place(t * reach, t * reach);
      context.fillText(inUnits(t * reach, 0).toPrecision(2), x, POINT_CANVAS - 6);
      context.fillText(inUnits(t * reach, 1).toPrecision(2), 4, y);
    }
  }

  // A sample a line: a series over its places, a vector over its features; a channel a colour.
  function paintLines(samples, n) {
    canvas.width = 960;
    canvas.height = 540;
    const channels = graph.sample_shape.length > 1 ? graph.sample_shape[1] : 1;
    const length = graph.sample_shape[0];
    const [low, high] = spec.range;
    const x = (i) => 40 + (i / Math.max(1, length - 1)) * (canvas.width - 80);
    const y = (v) => canvas.height - 40 - ((v - low) / (high - low || 1)) * (canvas.height - 80);
    context.globalAlpha = Math.max(0.15, Math.min(1, 4 / n));
    context.lineWidth = 2;
    for (let k = 0; k < n; k++) {
      for (let c = 0; c < channels; c++) {
        context.strokeStyle = color(`--series-${c % 6}`);
        context.beginPath();
        for (let i = 0; i < length; i++) context.lineTo(x(i), y(samples[k * sampleLength + i * channels + c]));
        context.stroke();
      }
    }
    context.globalAlpha = 1;
    context.fillStyle = color("--ink");
    context.font = "16px system-ui";
    const names = kind === "vectors" && length <= 12 ? spec.names : [];
    names.forEach((name, i) => context.fillText(name.slice(0, 10), Math.max(0, x(i) - 30), canvas.height - 12));
  }

  const PAINT = { pictures: paintPictures, volumes: paintPictures, points: paintPoints, vectors: paintLines, series: paintLines };

  function show() {
    chosen.wanted = false;
    for (const output of document.querySelectorAll("output[data-of]")) output.textContent = Number(byId(output.dataset.of).value).toFixed(2);
    const n = value("count");
    const begun = performance.now();
    const samples = samplesOf(latents(), labelsOf(n));
    const computed = performance.now() - begun;
    PAINT[kind](samples, n);
    byId("speed").textContent = `${computed.toFixed(1)} ms for ${n} sample${n > 1 ? "s" : ""}`;
  }

  function soon() {
    if (!chosen.wanted) requestAnimationFrame(show);
    chosen.wanted = true;
  }

  // ---- controls ----

  function again(step = 1) {
    chosen.seed = (value("seed") + step) >>> 0;
    byId("seed").value = chosen.seed;
    byId("between").value = 0;
    drawLatents();
    soon();
  }

  function reset() {
    for (const slider of sliders("directions")) slider.value = 0;
    for (const slider of sliders("labels")) slider.value = slider.defaultValue;
    byId("truncation").value = 1;
    byId("between").value = 0;
    soon();
  }

  function walk() {
    chosen.playing = !chosen.playing;
    byId("walk").setAttribute("aria-pressed", chosen.playing);
    byId("walk").textContent = chosen.playing ? "Stop" : "Walk";
    chosen.last = performance.now();
    if (chosen.playing) requestAnimationFrame(step);
  }

  function step(now) {
    if (!chosen.playing) return;
    const t = value("between") + Math.max(0, now - chosen.last) / 1000 / SECONDS;
    chosen.last = now;
    if (t >= 1) {
      chosen.seed = (chosen.seed + 1) >>> 0;
      byId("seed").value = chosen.seed;
      chosen.from = chosen.to;
      chosen.to = normals(chosen.seed + 1, chosen.from.length);
    }
    byId("between").value = t % 1;
    show();
    requestAnimationFrame(step);
  }

  function save() {
    canvas.toBlob((blob) => {
      const link = document.createElement("a");
      link.download = "samples.png";
      link.href = URL.createObjectURL(blob);
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }

  byId("new").addEventListener("click", () => again());
  byId("walk").addEventListener("click", walk);
  byId("reset").addEventListener("click", reset);
  byId("save").addEventListener("click", save);
  byId("seed").addEventListener("change", () => again(0));
  byId("count").addEventListener("change", () => {
    drawLatents();
    soon();
  });
  for (const control of document.querySelectorAll("main input:not(#seed), main select:not(#count)")) control.addEventListener("input", soon);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) return;
    const action = { n: () => again(), w: walk, r: reset, s: save }[event.key.toLowerCase()];
    if (action) action();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", soon);

  // What JAX drew of some latents, drawn again: the largest difference is said.
  function difference() {
    const labels = arrays["kept.labels"];
    const given = labels ? (graph.n_classes ? Int32Array : Float32Array).from(labels.values) : null;
    const expected = arrays["kept.samples"].values;
    return samplesOf(arrays["kept.latents"].values, given).reduce((largest, x, i) => Math.max(largest, Math.abs(x - expected[i])), 0);
  }

  drawLatents();
  show();
  const largest = difference();
  status.textContent = `The generator runs in this page: ${spec.kept} samples are those of jaxgan to ${largest.toExponential(1)}.`;
  status.dataset.difference = largest;
  byId("controls").hidden = false;
  document.documentElement.dataset.ready = "yes";
})();
