import type { DiskChange } from '../disk.ts';

/**
 * What the two processes of a log say to each other. The standby begins with `hello` and its files; the leader answers `begin` with
 * what of them stands, then changes, and `copied` among them once nothing is missing, which the standby answers by `whole`.
 */
export const kind = { hello: 1, begin: 2, change: 3, copied: 4, whole: 5, beat: 6, pong: 7 } as const;

/** The addresses of a process' doors, by their names. */
export type Doors = Readonly<Record<string, string>>;
export type FileFacts = { readonly path: string; readonly sizeBytes: number; readonly sha256: string };
export type Hello = { readonly doors: Doors; readonly files: readonly FileFacts[] };
/** Files by their paths, with how many bytes of the standby's are right. */
export type Begin = { readonly doors: Doors; readonly kept: readonly (readonly [path: string, bytes: number])[] };

type Head = { readonly kind: 'append' | 'put' | 'remove'; readonly path: string; readonly position: number };
const headSizeBytes = Uint16Array.BYTES_PER_ELEMENT;
const nothing = Buffer.alloc(0);

/** A change as parts of a message. */
export function changeParts(change: Exclude<DiskChange, { kind: 'lost' }>): readonly Uint8Array[] {
  const bytes = change.kind === 'remove' ? nothing : change.bytes;
  const position = change.kind === 'append' ? change.position : 0;
  const told: Head = { kind: change.kind, path: change.path, position };
  const head = Buffer.from(JSON.stringify(told));
  const size = Buffer.alloc(headSizeBytes);
  size.writeUInt16LE(head.length, 0);
  return [size, head, bytes];
}

export function readChange(body: Buffer): Head & { readonly bytes: Buffer } {
  const end = headSizeBytes + body.readUInt16LE(0);
  return { ...(JSON.parse(body.toString('utf8', headSizeBytes, end)) as Head), bytes: body.subarray(end) };
}
