// A small chart of lines that grow: what is kept is thinned out when it is long.

const LONGEST = 800; // records kept

export class History {
  constructor() {
    this.records = [];
    this.every = 1;
    this.seen = 0;
  }

  add(record) {
    const last = this.records[this.records.length - 1];
    if (last && record.iteration <= last.iteration) return;
    if (this.seen++ % this.every) return;
    this.records.push(record);
    if (this.records.length > LONGEST) {
      this.records = this.records.filter((_, place) => place % 2 === 0);
      this.every *= 2;
    }
  }
}

function shortened(value) {
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 1e4 || size < 1e-3 ? value.toExponential(1) : String(Number(value.toPrecision(2)));
}

// lines: [{ records, of: (record) -> number or null, colour, dash, wide }]; level: a number at which a dashed line stands.
export function drawChart(canvas, lines, colours, { fromZero = false, level = null } = {}) {
  const ratio = Math.min(2, window.devicePixelRatio);
  const [width, height] = [canvas.clientWidth, canvas.clientHeight];
  if (!width) return;
  if (canvas.width !== Math.round(width * ratio)) canvas.width = Math.round(width * ratio);
  if (canvas.height !== Math.round(height * ratio)) canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const values = lines.flatMap((line) => line.records.map(line.of)).filter(Number.isFinite);
  if (level !== null) values.push(level);
  if (fromZero) values.push(0);
  if (!values.length) return;
  values.sort((a, b) => a - b); // a single peak is cut off, so that the rest can be seen
  let low = fromZero ? Math.min(0, values[Math.floor(0.01 * (values.length - 1))]) : values[Math.floor(0.01 * (values.length - 1))];
  let high = values[Math.ceil(0.99 * (values.length - 1))];
  const room = (high - low || Math.abs(high) || 1) * 0.08;
  [low, high] = [fromZero && low === 0 ? 0 : low - room, high + room];
  const [left, right, top, bottom] = [46, width - 6, 6, height - 18];
  const last = Math.max(1, ...lines.map(({ records }) => (records.length ? records[records.length - 1].iteration : 1)));
  const x = (iteration) => left + (iteration / last) * (right - left);
  const y = (value) => bottom - ((value - low) / (high - low)) * (bottom - top);
  context.font = "11px system-ui, sans-serif";
  context.fillStyle = colours.quiet;
  context.lineWidth = 1;
  context.setLineDash([]);
  context.textAlign = "right";
  context.textBaseline = "middle";
  context.strokeStyle = colours.grid;
  for (let k = 0; k <= 3; k++) {
    const value = low + ((high - low) * k) / 3;
    context.beginPath();
    context.moveTo(left, y(value));
    context.lineTo(right, y(value));
    context.stroke();
    context.fillText(shortened(value), left - 5, Math.max(8, y(value)));
  }
  context.textBaseline = "bottom";
  context.fillText(`${last} iterations`, right, height);
  context.save();
  context.beginPath();
  context.rect(left, top - 4, right - left, bottom - top + 8);
  context.clip();
  if (level !== null) trace(context, [[left, y(level)], [right, y(level)]], colours.quiet, [4, 4], 1);
  for (const line of lines) {
    const places = [];
    for (const record of line.records) {
      const value = line.of(record);
      if (Number.isFinite(value)) places.push([x(record.iteration), y(value)]);
    }
    trace(context, places, line.colour, line.dash ?? [], line.wide ? 2 : 1.4);
  }
  context.restore();
}

function trace(context, places, colour, dash, width) {
  context.strokeStyle = colour;
  context.setLineDash(dash);
  context.lineWidth = width;
  context.beginPath();
  places.forEach(([x, y], place) => (place ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.stroke();
}
