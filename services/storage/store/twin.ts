import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { syncDirectory, systemCode } from './system.ts';

/** Where the second copy of such a file lies. */
const twinOf = (path: string): string => `${path}.twin`;

const sumOf = (line: string): string => crc32(line).toString(16).padStart(8, '0');

const busy = new Map<string, Promise<unknown>>();

/** One after the other for each file: two that write its copies at once would take the new one away from each other. */
function inTurn<T>(path: string, work: () => Promise<T>): Promise<T> {
  const mine = (busy.get(path) ?? Promise.resolve()).then(work, work);
  const end = () => {
    if (busy.get(path) === mine) busy.delete(path);
  };
  busy.set(path, mine);
  mine.then(end, end);
  return mine;
}

/** Writes a small file twice, each copy with its checksum, so that a byte that turns in one of them is mended from the other. */
export function writeTwice(path: string, value: object): Promise<void> {
  const line = JSON.stringify(value);
  return inTurn(path, async () => {
    for (const copy of [path, twinOf(path)]) await put(copy, `${line}\n${sumOf(line)}\n`);
  });
}

/**
 * Reads such a file, and writes it anew from its twin where it is damaged or gone; with `both`, the twin as well from it. Files
 * of releases before have neither checksum nor twin. Undefined when there is none; an error when neither copy is whole.
 */
export function readTwice(path: string, both = false): Promise<unknown> {
  return inTurn(path, () => readMended(path, both));
}

async function readMended(path: string, both: boolean): Promise<unknown> {
  const own = await whole(path);
  if (own.value !== undefined && !both) return own.value;
  const twin = await whole(twinOf(path));
  if (own.value === undefined && twin.value === undefined) {
    if (own.text === undefined && twin.text === undefined) return undefined;
    throw new SyntaxError(`${path} is damaged, and so is its twin.`);
  }
  const value = own.value ?? twin.value;
  const line = JSON.stringify(value);
  const text = `${line}\n${sumOf(line)}\n`;
  // The file itself is written first: where the two differ, its twin is the older one.
  if (own.text !== text) await put(path, text);
  if (twin.text !== text) await put(twinOf(path), text);
  return value;
}

/** The text of a copy, and its value when it is whole. */
async function whole(path: string): Promise<{ readonly text?: string; readonly value?: object }> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return {};
    throw error;
  }
  const [line = '', sum] = text.split('\n');
  if (sum !== undefined && sum !== '' && sum !== sumOf(line)) return { text };
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { text, value } : { text };
  } catch {
    return { text };
  }
}

async function put(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
  await syncDirectory(dirname(path));
}
