// Makes tensorflow.min.js, and copies the program that it runs and the licence beside it: npm install && node build.mjs
import { copyFileSync } from "node:fs";
import { build } from "esbuild";

const WASM = "node_modules/@tensorflow/tfjs-backend-wasm";
// Threads need an isolated page, which a file is never: their module and its worker are left out.
const withoutThreads = {
  name: "without-threads",
  setup(made) {
    made.onLoad({ filter: /tfjs-backend-wasm-threaded-simd(\.worker)?\.js$/ }, () => ({
      contents: "module.exports = { wasmWorkerContents: '' };",
    }));
  },
};

await build({
  stdin: {
    contents: `
      export {
        add, concat, conv2d, dispose, env, gather, leakyRelu, matMul, memory, mul, pad, ready, relu,
        reshape, setBackend, slice, split, stack, tanh, tensor, tidy, transpose,
      } from "@tensorflow/tfjs-core";
      export { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
    `,
    resolveDir: ".",
  },
  banner: { js: "/* TensorFlow.js 4.22.0, core and WebAssembly backend: Apache License 2.0, Google LLC */" },
  bundle: true,
  minify: true,
  format: "iife",
  globalName: "tensorflow",
  legalComments: "none",
  platform: "browser",
  outfile: "tensorflow.min.js",
  plugins: [withoutThreads],
});
copyFileSync(`${WASM}/wasm-out/tfjs-backend-wasm-simd.wasm`, "tfjs-backend-wasm-simd.wasm");
