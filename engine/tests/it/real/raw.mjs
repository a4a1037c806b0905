// What do the raw files say, and does a client's answer say the same? Read by the scripts beside it, which are run as
// `node SCRIPT URL EDITS.json.gz FLIGHTS.json.gz` with ALLUVIUM_NODE naming a folder `node_modules`.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';

export const load = createRequire(`${process.env.ALLUVIUM_NODE}/`);
export const [url, editsFile, flightsFile] = process.argv.slice(2);

const lines = path =>
  gunzipSync(readFileSync(path))
    .toString()
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line));

// Rows as the server has them: the time is `__time`, truth values are text.
const row = raw => {
  const found = { __time: new Date(raw.time) };
  for (const [name, value] of Object.entries(raw)) {
    if (name !== 'time') found[name] = typeof value === 'boolean' ? String(value) : value;
  }
  return found;
};
export const edits = lines(editsFile).map(row);
export const flights = lines(flightsFile).map(row);

// Rows by what a function says of them.
export function groups(rows, key) {
  const found = new Map();
  for (const one of rows) {
    const name = key(one);
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(one);
  }
  return found;
}
export const sum = (rows, value) => rows.reduce((total, one) => total + (value(one) ?? 0), 0);
export const distinct = (rows, value) => new Set(rows.map(value).filter(one => one !== null)).size;
export const floor = (time, ms) => new Date(Math.floor(time / ms) * ms);
export const HOUR = 3600_000;
export const DAY = 24 * HOUR;

let answers = 0;
let values = 0;

// Notes whether both are the same: numbers to the twelfth digit, times by their instant, objects by their entries.
export function same(name, got, wanted) {
  answers++;
  const before = values;
  try {
    compare(name, got, wanted);
    console.log(`${name}: ${values - before} values`);
  } catch (error) {
    failed(error.message);
  }
}

let failures = 0;
export function failed(words) {
  failures++;
  console.log(`DIFFERENT ${words}`);
}

function compare(where, got, wanted) {
  const plain = value => (value instanceof Date ? value.getTime() : (value ?? null));
  [got, wanted] = [plain(got), plain(wanted)];
  if (wanted !== null && typeof wanted === 'object' && got !== null && typeof got === 'object') {
    const names = new Set([...Object.keys(wanted), ...Object.keys(got)]);
    if (Array.isArray(wanted) && wanted.length !== got.length) {
      throw new Error(`${where}: ${got.length} entries, not ${wanted.length}: ${text(got)} instead of ${text(wanted)}`);
    }
    for (const one of names) compare(`${where}.${one}`, got[one], wanted[one]);
    return;
  }
  values++;
  const numbers = typeof got === 'number' && typeof wanted === 'number';
  if (got === wanted || (numbers && Math.abs(got - wanted) <= 1e-12 * Math.max(Math.abs(got), Math.abs(wanted))))
    return;
  throw new Error(`${where}: ${text(got)} instead of ${text(wanted)}`);
}
const text = value => JSON.stringify(value)?.slice(0, 600);

// Notes whether the promise fails, with this in its message.
export async function fails(name, promise, words) {
  answers++;
  values++;
  let message = 'no error';
  try {
    await promise;
  } catch (error) {
    message = String(error.message ?? error);
  }
  if (!message.includes(words)) failed(`${name}: ${message} instead of ${words}`);
  else console.log(`${name}: fails with ${words}`);
}

// The closing line; ends the script, with an error if anything differed.
export function close(client) {
  console.log(`${client}: compared ${values} values in ${answers} answers, ${failures} differ`);
  process.exit(failures === 0 ? 0 : 1);
}
