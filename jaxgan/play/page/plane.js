// Draws one plane: the critic's surface, real points, generated points and the gradients at them.

const ARROWS = 70; // of the points, so that the plane stays readable
const LONGEST = 0.11; // of an arrow, in the units of the plane

export function readColours() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(`--${name}`).trim();
  const names = ["real", "made", "low", "middle", "high", "arrow", "line", "quiet", "critic", "grid", "ground", "series-0", "series-1", "series-2", "series-3"];
  return Object.fromEntries(names.map((name) => [name, of(name)]));
}

function channels(colour) {
  const digits = colour.slice(1);
  const full = digits.length === 3 ? [...digits].map((digit) => digit + digit).join("") : digits;
  return [0, 2, 4].map((at) => parseInt(full.slice(at, at + 2), 16));
}

// The canvas as large as it is shown; its context with the plane's units, y upward.
function prepared(canvas) {
  const size = Math.max(1, Math.round(canvas.clientWidth * Math.min(2, window.devicePixelRatio)));
  if (canvas.width !== size) canvas.width = canvas.height = size;
  const context = canvas.getContext("2d");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, size, size);
  return { context, size };
}

const tiles = new WeakMap(); // of each canvas a small one, on which the surface is drawn place by place

function drawSurface(canvas, context, size, surface, side, colours) {
  const sorted = Float32Array.from(surface).sort(); // what few places have does not set the scale
  const [low, high] = [sorted[Math.floor(0.03 * (sorted.length - 1))], sorted[Math.ceil(0.97 * (sorted.length - 1))]];
  let tile = tiles.get(canvas);
  if (!tile || tile.width !== side) {
    tile = document.createElement("canvas");
    tile.width = tile.height = side;
    tiles.set(canvas, tile);
  }
  const small = tile.getContext("2d");
  const image = small.createImageData(side, side);
  const [a, b, c] = [colours.low, colours.middle, colours.high].map(channels);
  const span = high - low || 1;
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const share = Math.min(1, Math.max(0, (surface[row * side + column] - low) / span));
      const place = 4 * ((side - 1 - row) * side + column); // the first row is the lowest y
      const [from, to, part] = share < 0.5 ? [a, b, 2 * share] : [b, c, 2 * share - 1];
      for (let k = 0; k < 3; k++) image.data[place + k] = from[k] + part * (to[k] - from[k]);
      image.data[place + 3] = 255;
    }
  }
  small.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = true;
  context.imageSmoothingQuality = "high";
  const edge = size / (side - 1) / 2; // the outer places lie on the edge of the plane
  context.drawImage(tile, -edge, -edge, size + 2 * edge, size + 2 * edge);
}

export function drawPlane(canvas, { surface, side, points, arrows, data, reach }, colours) {
  const { context, size } = prepared(canvas);
  if (surface) drawSurface(canvas, context, size, surface, side, colours);
  const x = (value) => ((value + reach) / (2 * reach)) * size;
  const y = (value) => size - x(value);
  const unit = Math.max(1, size / 420);

  context.lineWidth = unit;
  if (data && data.modes) {
    context.strokeStyle = colours.real;
    context.globalAlpha = 0.5;
    const [rx, ry] = data.radius.map((radius) => Math.max(4 * unit, (radius / (2 * reach)) * size));
    for (const [cx, cy] of data.modes) {
      context.beginPath();
      context.ellipse(x(cx), y(cy), rx, ry, 0, 0, 2 * Math.PI);
      context.stroke();
    }
  }
  context.globalAlpha = 1;
  if (points) {
    const n = points.length / 2;
    if (arrows) drawArrows(context, points, arrows, n, x, y, (LONGEST / (2 * reach)) * size, unit, colours);
    context.fillStyle = colours.made;
    context.strokeStyle = colours.ground;
    context.lineWidth = 0.6 * unit;
    for (let i = 0; i < n; i++) {
      context.beginPath();
      context.arc(x(points[2 * i]), y(points[2 * i + 1]), 3 * unit, 0, 2 * Math.PI);
      context.fill();
      context.stroke();
    }
  }
  if (data) drawReal(context, data.points, x, y, unit, colours);
}

// Open circles over the generated points, so that both are seen where they meet.
function drawReal(context, points, x, y, unit, colours) {
  context.globalAlpha = 0.7;
  context.strokeStyle = colours.real;
  context.lineWidth = 1.1 * unit;
  context.beginPath();
  for (const [px, py] of points) {
    context.moveTo(x(px) + 2.8 * unit, y(py));
    context.arc(x(px), y(py), 2.8 * unit, 0, 2 * Math.PI);
  }
  context.stroke();
  context.globalAlpha = 1;
}

function drawArrows(context, points, arrows, n, x, y, longest, unit, colours) {
  let steepest = 0;
  for (let i = 0; i < n; i++) steepest = Math.max(steepest, Math.hypot(arrows[2 * i], arrows[2 * i + 1]));
  if (!(steepest > 0)) return;
  context.strokeStyle = colours.arrow;
  context.globalAlpha = 0.8;
  context.lineWidth = 1.1 * unit;
  context.beginPath();
  const every = Math.max(1, Math.ceil(n / ARROWS));
  for (let i = 0; i < n; i += every) {
    const length = Math.hypot(arrows[2 * i], arrows[2 * i + 1]) / steepest;
    if (length < 0.02) continue;
    const angle = Math.atan2(-arrows[2 * i + 1], arrows[2 * i]); // of the screen, y downward
    const reach = longest * Math.sqrt(length); // small gradients are to be seen too
    const [fromX, fromY] = [x(points[2 * i]), y(points[2 * i + 1])];
    const [toX, toY] = [fromX + reach * Math.cos(angle), fromY + reach * Math.sin(angle)];
    context.moveTo(fromX, fromY);
    context.lineTo(toX, toY);
    for (const turn of [2.6, -2.6]) {
      context.moveTo(toX, toY);
      context.lineTo(toX + 4 * unit * Math.cos(angle + turn), toY + 4 * unit * Math.sin(angle + turn));
    }
  }
  context.stroke();
  context.globalAlpha = 1;
}
