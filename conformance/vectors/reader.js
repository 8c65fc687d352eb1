// How to judge an implementation without Python: a convolution in JavaScript, held to its test vectors.
//
//   conformance vectors --only conv2d --dtype float32 vectors
//   node vectors/reader.js vectors/conv2d.float32.json
"use strict";
const { readFileSync } = require("node:fs");

// The implementation under test: images [N, H, W, C] and filters [KH, KW, C, F], in single precision throughout.
function conv2d(images, filters, { strides, padding }) {
  const [N, H, W, C] = images.shape, [KH, KW, , F] = filters.shape;
  const [SH, SW] = typeof strides === "number" ? [strides, strides] : strides ?? [1, 1];
  const same = padding === "same";
  const rows = same ? Math.ceil(H / SH) : Math.floor((H - KH) / SH) + 1;
  const columns = same ? Math.ceil(W / SW) : Math.floor((W - KW) / SW) + 1;
  const top = same ? Math.max((rows - 1) * SH + KH - H, 0) >> 1 : 0;
  const left = same ? Math.max((columns - 1) * SW + KW - W, 0) >> 1 : 0;
  const values = [];
  for (let n = 0; n < N; n++)
    for (let i = 0; i < rows; i++)
      for (let j = 0; j < columns; j++)
        for (let f = 0; f < F; f++) {
          let sum = 0;
          for (let a = 0; a < KH; a++)
            for (let b = 0; b < KW; b++) {
              const row = i * SH + a - top, column = j * SW + b - left;
              if (row < 0 || row >= H || column < 0 || column >= W) continue;
              for (let c = 0; c < C; c++) {
                const pixel = images.values[((n * H + row) * W + column) * C + c];
                const weight = filters.values[((a * KW + b) * C + c) * F + f];
                sum = Math.fround(sum + Math.fround(pixel * weight));
              }
            }
          values.push(sum);
        }
  return { shape: [N, rows, columns, F], values };
}

// Judging is exact: numbers are fractions of integers without limit, [numerator, denominator].
function ofDecimal(text) {
  const [digits, exponent] = text.toLowerCase().split("e");
  const [whole, fraction = ""] = digits.split(".");
  const power = Number(exponent ?? 0) - fraction.length, numerator = BigInt(whole + fraction);
  return power >= 0 ? [numerator * 10n ** BigInt(power), 1n] : [numerator, 10n ** BigInt(-power)];
}

function ofNumber(number) {
  let power = 0;
  while (!Number.isInteger(number)) [number, power] = [number * 2, power + 1]; // exact: only the exponent changes
  return [BigInt(number), 2n ** BigInt(power)];
}

// Whether a number is off by no more than is allowed; null allows anything.
function isRight(came, exact, allowed) {
  if (allowed === null) return true;
  if (["NaN", "Infinity", "-Infinity"].includes(exact)) return Object.is(came, Number(exact));
  if (!Number.isFinite(came)) return false;
  const [a, b] = ofNumber(came), [c, d] = ofDecimal(exact), [e, f] = ofNumber(allowed);
  const off = a * d - c * b;
  return (off < 0n ? -off : off) * f <= e * b * d;
}

const told = JSON.parse(readFileSync(process.argv[2], "utf8"));
if (told.operation !== "conv2d" || told.dtype !== "float32") throw new Error("wanted test vectors of conv2d in float32");
let wrong = 0;
for (const [number, { arguments: given, results: [wanted] }] of told.cases.entries()) {
  const came = conv2d(given.images, given.filters, given);
  const fits = JSON.stringify(came.shape) === JSON.stringify(wanted.shape);
  const place = wanted.exact.findIndex((exact, k) => !isRight(came.values[k], exact, wanted.allowed[k]));
  if (fits && place < 0) continue;
  wrong += 1;
  const [exact, allowed] = [wanted.exact[place], wanted.allowed[place]];
  console.log(fits ? `case ${number}, element ${place}: wanted ${exact}, give or take ${allowed}; got ${came.values[place]}`
                   : `case ${number}: wanted shape [${wanted.shape}]; got [${came.shape}]`);
}
console.log(`${told.cases.length - wrong} of ${told.cases.length} cases conform`);
process.exitCode = wrong ? 1 : 0;
