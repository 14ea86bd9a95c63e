/**
 * An entry of a tenant's log: one line of JSON in the clear, which says where the record belongs, and behind it the
 * record itself, sealed with that line as associated data. `process` and `number` count the records of a process
 * without a gap over all logs, `sequence` those of this log; so one that was left out shows.
 */
export type LeafHeader = {
  readonly log: string;
  readonly sequence: number;
  readonly at: number;
  readonly process: string;
  readonly number: number;
  /** Whose audit key seals the record; the platform's where the tenant's was not to be had. */
  readonly key: 'tenant' | 'platform';
};

export type Leaf = { readonly header: LeafHeader; readonly line: string; readonly sealed: Buffer };

/** The line in the clear; it is the associated data of the seal. */
export function headerLine({ log, sequence, at, process, number, key }: LeafHeader): string {
  return JSON.stringify({ log, sequence, at, process, number, key });
}

export function encodeLeaf(line: string, sealed: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`${line}\n`), sealed]);
}

/** Takes an entry apart; undefined when it is none. */
export function decodeLeaf(bytes: Uint8Array): Leaf | undefined {
  const end = bytes.indexOf(10);
  if (end < 0) return undefined;
  const line = Buffer.from(bytes.buffer, bytes.byteOffset, end).toString();
  const header = parseHeader(line);
  return header && { header, line, sealed: Buffer.from(bytes.buffer, bytes.byteOffset + end + 1, bytes.byteLength - end - 1) };
}

function parseHeader(line: string): LeafHeader | undefined {
  try {
    const header = JSON.parse(line) as LeafHeader;
    const numbers = [header.sequence, header.at, header.number].every(Number.isSafeInteger);
    return numbers && typeof header.log === 'string' && typeof header.process === 'string' ? header : undefined;
  } catch {
    return undefined;
  }
}

/** How far the records of each process were put into logs when a checkpoint of the root log was made. */
export type Cursors = { readonly cursors: Readonly<Record<string, number>> };

/** An entry of the root log that holds cursors; undefined for one that is a checkpoint. */
export function decodeCursors(bytes: Uint8Array): Cursors | undefined {
  if (bytes[0] !== 0x7b) return undefined;
  try {
    return JSON.parse(Buffer.from(bytes).toString()) as Cursors;
  } catch {
    return undefined;
  }
}

/** The name of the log that holds the checkpoints of all others. */
export const rootLog = 'root';

/** C2SP tlog-checkpoint: a log's origin, which is also the name of its keys. */
export const originOf = (deployment: string, log: string): string => `gamut/${deployment}/${log}`;
