import { entryBytesMax } from './limits.ts';

/** C2SP tlog-tiles: each entry after its length as a u16. */
export function encodeBundle(entries: readonly Uint8Array[]): Buffer {
  const size = entries.reduce((sum, entry) => sum + 2 + entry.length, 0);
  const bundle = Buffer.allocUnsafe(size);
  let at = 0;
  for (const entry of entries) {
    if (entry.length > entryBytesMax) throw new RangeError(`an entry of ${entry.length} bytes`);
    bundle.writeUInt16BE(entry.length, at);
    bundle.set(entry, at + 2);
    at += 2 + entry.length;
  }
  return bundle;
}

/** One entry of a bundle, and where its length begins. */
export type BundleEntry = { readonly at: number; readonly bytes: Uint8Array };

/** Takes a bundle apart as far as it goes; `rest` counts the bytes that are no whole entry. */
export function decodeBundle(bundle: Uint8Array): { readonly entries: BundleEntry[]; readonly rest: number } {
  const view = Buffer.from(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  const entries: BundleEntry[] = [];
  let at = 0;
  while (at + 2 <= view.length) {
    const end = at + 2 + view.readUInt16BE(at);
    if (end > view.length) break;
    entries.push({ at, bytes: view.subarray(at + 2, end) });
    at = end;
  }
  return { entries, rest: view.length - at };
}
