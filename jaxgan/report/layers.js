// A generator as a graph of layers (jaxgan/exports/graph.py says how it is read), computed by TensorFlow.js.
// Values have their channels last here, as that library wants them: (B, F) or (B, *size, C).
const makeGenerator = (tf, graph, arrays) => {
  "use strict";
  // Channels first to channels last, and back; rank 2 has no size.
  const last = (x) => (x.rank < 3 ? x : tf.transpose(x, [0, ...Array.from({ length: x.rank - 2 }, (_, i) => i + 2), 1]));
  const first = (x) => (x.rank < 3 ? x : tf.transpose(x, [0, x.rank - 1, ...Array.from({ length: x.rank - 2 }, (_, i) => i + 1)]));
  // A series is a picture of height 1: its window, its size and its paddings get one more axis in front.
  const asPicture = (x) => (x.rank === 3 ? tf.reshape(x, [x.shape[0], 1, ...x.shape.slice(1)]) : x);
  const likeBefore = (y, x) => (x.rank === 3 ? tf.reshape(y, [y.shape[0], ...y.shape.slice(2)]) : y);
  // PyTorch's (out, in, *window) as TensorFlow's (*window, in, out).
  const kernel = (w) => {
    const moved = tf.transpose(w, [...Array.from({ length: w.rank - 2 }, (_, i) => i + 2), 1, 0]);
    return w.rank === 3 ? tf.reshape(moved, [1, ...moved.shape]) : moved;
  };

  // A transposed convolution is a convolution for each place modulo the stride, with those taps of the window that reach it, the last one
  // first: y[stride i + phase] = sum over q of w[phase + stride q] x[i - q]. Their kernels, [phase down][phase across], of w (in, out, h, w).
  // (TensorFlow.js has transposed convolutions, ten times slower than its convolutions under WebAssembly.)
  function phases(values, [ins, outs, height, width], [down, across]) {
    const reaching = (phase, stride, window) => {
      const taps = [];
      for (let tap = phase; tap < window; tap += stride) taps.unshift(tap);
      return taps;
    };
    return Array.from({ length: down }, (_, row) => Array.from({ length: across }, (_, column) => {
      const [rows, columns] = [reaching(row, down, height), reaching(column, across, width)];
      const made = new Float32Array(rows.length * columns.length * ins * outs);
      let place = 0;
      for (const i of rows) for (const j of columns) for (let a = 0; a < ins; a++) for (let b = 0; b < outs; b++)
        made[place++] = values[((a * outs + b) * height + i) * width + j];
      return tf.tensor(made, [rows.length, columns.length, ins, outs]);
    }));
  }

  // Of a series the window is one high; of a volume there are the kernels of each slice of the window along the depth.
  function transposedKernels(values, shape, stride) {
    const [ins, outs, ...window] = shape;
    if (window.length === 1) return [phases(values, [ins, outs, 1, window[0]], [1, stride])];
    if (window.length === 2) return [phases(values, shape, [stride, stride])];
    const [depth, height, width] = window;
    const area = height * width;
    return Array.from({ length: depth }, (_, slice) => {
      const own = new Float32Array(ins * outs * area);
      for (let pair = 0; pair < ins * outs; pair++) own.set(values.subarray((pair * depth + slice) * area, (pair * depth + slice + 1) * area), pair * area);
      return phases(own, [ins, outs, height, width], [stride, stride]);
    });
  }

  const PREPARE = { conv: kernel, constant_product: (w) => last(tf.reshape(w, [1, ...w.shape])) };

  function biased(y, weights) {
    return weights.bias ? tf.add(y, weights.bias) : y;
  }

  // Of pictures and series.
  function conv({ stride, padding, groups }, weights, x) {
    const picture = asPicture(x);
    const flat = x.rank === 3;
    const padded = padding ? tf.pad(picture, [[0, 0], flat ? [0, 0] : [padding, padding], [padding, padding], [0, 0]]) : picture;
    const outs = groups === 1 ? [weights.weight] : tf.split(weights.weight, groups, 3);
    const ins = groups === 1 ? [padded] : tf.split(padded, groups, 3);
    const parts = outs.map((w, g) => tf.conv2d(ins[g], w, [flat ? 1 : stride, stride], "valid"));
    return biased(likeBefore(parts.length > 1 ? tf.concat(parts, -1) : parts[0], x), weights);
  }

  // The whole of a picture's transposed convolution, without padding, at least of these sizes; (B, H, W, C).
  function wholeTransposed(x, kernels, least) {
    const strides = [kernels.length, kernels[0].length];
    // How many places of x can reach one of y, or are wanted beyond them, along each axis.
    const turns = strides.map((stride, axis) =>
      Math.max(kernels[0][0].shape[axis], Math.ceil(least[axis] / stride) - x.shape[axis + 1] + 1));
    const row = kernels.map((across) => {
      const parts = across.map((kernel) => {
        const around = turns.map((turn, axis) => [kernel.shape[axis] - 1, turn - 1]);
        return tf.conv2d(tf.pad(x, [[0, 0], ...around, [0, 0]]), kernel, 1, "valid");
      });
      const [one] = parts;
      return tf.reshape(tf.stack(parts, 3), [one.shape[0], one.shape[1], one.shape[2] * parts.length, one.shape[3]]);
    });
    const [one] = row;
    return tf.reshape(tf.stack(row, 2), [one.shape[0], one.shape[1] * row.length, one.shape[2], one.shape[3]]);
  }

  // Of volumes, (B, D, H, W, C): each slice of the window along the depth by itself, laid where it falls. (TensorFlow.js 4.22 has
  // conv3dTranspose, whose numbers under WebAssembly are others than on its plain backend.)
  function wholeOfVolume(x, kernels, stride, least) {
    const [n, depth, ...slice] = x.shape;
    const flat = tf.reshape(x, [n * depth, ...slice]);
    const turns = Math.ceil(Math.max(kernels.length, least[0] - (depth - 1) * stride) / stride); // how many places one number reaches
    const laid = Array.from({ length: stride }, (_, phase) => {
      let sum = null;
      for (let turn = 0; turn < turns; turn++) {
        const tap = phase + turn * stride;
        if (tap >= kernels.length) continue;
        const part = wholeTransposed(flat, kernels[tap], least.slice(1));
        const place = tf.pad(tf.reshape(part, [n, depth, ...part.shape.slice(1)]), [[0, 0], [turn, turns - 1 - turn], [0, 0], [0, 0], [0, 0]]);
        sum = sum ? tf.add(sum, place) : place;
      }
      return sum;
    });
    const [first] = laid;
    return tf.reshape(tf.stack(laid, 2), [n, first.shape[1] * stride, ...first.shape.slice(2)]); // (B, D, phase, ...) -> (B, D phase, ...)
  }

  function convTranspose({ stride, padding }, weights, x, size) {
    const flat = x.rank === 3; // a series
    const wanted = flat ? [1, ...size] : size;
    const paddings = wanted.map((side, axis) => (flat && axis === 0 ? 0 : padding));
    const least = wanted.map((side, axis) => side + paddings[axis]);
    const whole = x.rank === 5 ? wholeOfVolume(x, weights.weight, stride, least)
      : wholeTransposed(asPicture(x), weights.weight[0], least);
    const features = whole.shape[whole.rank - 1];
    return biased(likeBefore(tf.slice(whole, [0, ...paddings, 0], [x.shape[0], ...wanted, features]), x), weights);
  }

  // Along one axis each number becomes two: even and odd places are given.
  function interleaved(even, odd, axis) {
    const shape = even.shape.map((side, i) => (i === axis ? 2 * side : side));
    return tf.reshape(tf.stack([even, odd], axis + 1), shape);
  }

  function upsampled(x, twoOf) {
    for (let axis = 1; axis < x.rank - 1; axis++) x = interleaved(...twoOf(x, axis), axis);
    return x;
  }

  function bilinear(x, axis) {
    const around = x.shape.map((_, i) => (i === axis ? [1, 1] : [0, 0]));
    const padded = tf.pad(x, around);
    const shifted = (by) => tf.slice(padded, x.shape.map((_, i) => (i === axis ? by : 0)), x.shape);
    const near = tf.mul(x, 0.75);
    return [tf.add(near, tf.mul(shifted(0), 0.25)), tf.add(near, tf.mul(shifted(2), 0.25))];
  }

  function reshaped(x, shape) {
    return last(tf.reshape(first(x), [x.shape[0], ...shape]));
  }

  const COMPUTE = {
    linear: (layer, w, x) => biased(tf.matMul(x, w.weight, false, true), w),
    conv: (layer, w, x) => conv(layer.attributes, w, x),
    conv_transpose: (layer, w, x) => convTranspose(layer.attributes, w, x, layer.shape.slice(1)),
    batch_norm: (layer, w, x) => tf.add(tf.mul(x, w.scale), w.shift),
    embedding: (layer, w, labels) => tf.gather(w.weight, labels),
    constant_product: (layer, w, x) => tf.mul(tf.reshape(x, [x.shape[0], ...w.weight.shape.slice(1, -1).map(() => 1), x.shape[1]]), w.weight),
    relu: (layer, w, x) => tf.relu(x),
    leaky_relu: (layer, w, x) => tf.leakyRelu(x, layer.attributes.slope),
    tanh: (layer, w, x) => tf.tanh(x),
    reshape: (layer, w, x) => reshaped(x, layer.attributes.shape),
    crop: (layer, w, x) => tf.slice(x, x.shape.map(() => 0), [x.shape[0], ...layer.attributes.size, x.shape[x.rank - 1]]),
    upsample_nearest: (layer, w, x) => upsampled(x, (y) => [y, y]),
    upsample_bilinear: (layer, w, x) => upsampled(x, bilinear),
    concat: (layer, w, a, b) => tf.concat([a, b], -1),
    add: (layer, w, a, b) => tf.add(a, b),
  };

  // Weights of one generator, brought into the library's form once. Batch norm becomes a factor and a term a channel.
  function weightsOf(layer, generator) {
    const found = {};
    for (const [role, name] of Object.entries(layer.weights)) {
      if (!(name in arrays)) continue; // a counter of batches
      const { values, shape } = arrays[name];
      const own = graph.generators > 1 ? shape.slice(1) : shape;
      const length = own.reduce((a, b) => a * b, 1);
      const part = values.subarray(graph.generators > 1 ? generator * length : 0, graph.generators > 1 ? (generator + 1) * length : length);
      if (role === "weight" && layer.op === "conv_transpose") {
        found[role] = transposedKernels(part, own, layer.attributes.stride);
        continue;
      }
      const weight = tf.tensor(part, own, "float32");
      found[role] = role === "weight" && PREPARE[layer.op] ? PREPARE[layer.op](weight) : weight;
    }
    if (layer.op !== "batch_norm") return found;
    const [weight, bias, mean, variance] = ["weight", "bias", "running_mean", "running_var"].map((role) => found[role].dataSync());
    const scale = weight.map((w, i) => w / Math.sqrt(variance[i] + layer.attributes.epsilon));
    return { scale: tf.tensor(scale), shift: tf.tensor(bias.map((b, i) => b - mean[i] * scale[i])) };
  }

  const every = Array.from({ length: graph.generators }, (_, g) => graph.layers.map((layer) => weightsOf(layer, g)));

  // The samples of n latents as one Float32Array, (n, *sample_shape), by one generator. Labels: class numbers (n) or rows (n, label_dim).
  return (latents, labels, generator = 0) => {
    const n = latents.length / graph.latent_dim;
    const made = tf.tidy(() => {
      const values = { latent: tf.tensor(latents, [n, graph.latent_dim]) };
      if (graph.n_classes) values.labels = tf.tensor(labels, [n], "int32");
      if (graph.label_dim) values.labels = tf.tensor(labels, [n, graph.label_dim]);
      graph.layers.forEach((layer, place) => {
        values[layer.name] = COMPUTE[layer.op](layer, every[generator][place], ...layer.inputs.map((name) => values[name]));
      });
      return values[graph.layers[graph.layers.length - 1].name];
    });
    const samples = made.dataSync().slice();
    made.dispose();
    return samples;
  };
};
