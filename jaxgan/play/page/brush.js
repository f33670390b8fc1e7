// A brush that lays points on a plane, by mouse, finger or keyboard.

const EACH = 6; // points that one place of a stroke gets
const NUDGE = 0.05; // by which an arrow key moves the brush

export class Brush {
  constructor(canvas, { colours, count }) {
    Object.assign(this, { canvas, colours, count, points: [], width: 0.05, most: 4000, reach: 1.1, cursor: [0, 0], pressed: false });
    canvas.addEventListener("pointerdown", (event) => {
      this.pressed = true;
      canvas.setPointerCapture(event.pointerId);
      this.lay(this.placeOf(event));
    });
    canvas.addEventListener("pointermove", (event) => {
      this.cursor = this.placeOf(event);
      if (this.pressed) this.lay(this.cursor);
      else this.draw();
    });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => (this.pressed = false));
    canvas.addEventListener("keydown", (event) => this.key(event));
  }

  placeOf(event) {
    const box = this.canvas.getBoundingClientRect();
    const share = (value, from, length) => ((value - from) / length) * 2 - 1;
    return [share(event.clientX, box.left, box.width) * this.reach, -share(event.clientY, box.top, box.height) * this.reach];
  }

  key(event) {
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    if (event.key in moves) this.cursor = this.cursor.map((value, axis) => inside(value + NUDGE * moves[event.key][axis]));
    else if (event.key !== " ") return;
    event.preventDefault();
    if (event.key === " ") this.lay(this.cursor);
    else this.draw();
  }

  lay([x, y]) {
    for (let k = 0; k < EACH && this.points.length < this.most; k++) {
      const [distance, angle] = [this.width * Math.sqrt(Math.random()), 2 * Math.PI * Math.random()];
      const place = [x + distance * Math.cos(angle), y + distance * Math.sin(angle)];
      this.points.push(place.map((value) => Number(inside(value).toFixed(4))));
    }
    this.count(this.points.length, this.most);
    this.draw();
  }

  clear() {
    this.points = [];
    this.count(0, this.most);
    this.draw();
  }

  draw() {
    const colours = this.colours();
    const context = this.canvas.getContext("2d");
    const size = this.canvas.width;
    const at = ([x, y]) => [((x + this.reach) / (2 * this.reach)) * size, size - ((y + this.reach) / (2 * this.reach)) * size];
    context.clearRect(0, 0, size, size);
    context.strokeStyle = colours.grid;
    context.strokeRect(...at([-1, 1]), (size * 2) / (2 * this.reach), (size * 2) / (2 * this.reach));
    context.fillStyle = colours.real;
    for (const point of this.points) {
      const [x, y] = at(point);
      context.fillRect(x - 1.5, y - 1.5, 3, 3);
    }
    context.strokeStyle = colours.quiet;
    context.beginPath();
    context.arc(...at(this.cursor), Math.max(4, (this.width / (2 * this.reach)) * size), 0, 2 * Math.PI);
    context.stroke();
  }
}

function inside(value) {
  return Math.min(1, Math.max(-1, value));
}
