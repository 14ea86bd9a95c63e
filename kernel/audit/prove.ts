import { join } from 'node:path';
import { decodeBundle } from '#wire/tlog/bundle.ts';
import { leafHash } from '#wire/tlog/hash.ts';
import { parseCheckpoint, parseNote, verifyNote } from '#wire/tlog/note.ts';
import { verifyConsistency, verifyInclusion } from '#wire/tlog/proof.ts';
import { tileWidth } from '#wire/tlog/tile.ts';
import { consistencyProof, inclusionProof, rootOver } from '#wire/tlog/tree.ts';
import { fault } from '../contract/fault.ts';
import { type AuditKeys, verifiersOf } from './public-key.ts';
import { nodesOfLog, readLogFile } from './tile-file.ts';

/** What is to be proven: that a record is in the log, that the log of `from` entries is a beginning of it, or both. */
export type ProofWanted = { readonly sequence?: number; readonly from?: number };

/** A proof that needs nothing but itself and the log's public key. Hashes and the entry are base64. */
export type Proof = {
  readonly log: string;
  readonly checkpoint: string;
  readonly size: number;
  readonly inclusion?: { readonly index: number; readonly entry: string; readonly path: string[] };
  readonly consistency?: { readonly from: number; readonly root: string; readonly path: string[] };
};

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** Makes proofs out of the files of a log below `directory`. Record `sequence` is the entry before it by one. */
export function prove(directory: string, log: string, { sequence, from }: ProofWanted): Proof {
  const folder = join(directory, log);
  const note = readLogFile(folder, { kind: 'checkpoint' })?.toString();
  const checkpoint = note === undefined ? undefined : parseCheckpoint(parseNote(note)?.text ?? '');
  if (note === undefined || !checkpoint) throw fault('NotFound', `The log ${log} has no checkpoint yet.`);
  const { size } = checkpoint;
  const node = nodesOfLog(folder, size);
  const proof: Proof = { log, checkpoint: note, size };
  if (sequence !== undefined && (sequence < 1 || sequence > size))
    throw fault('NotFound', `Record ${sequence} is not in the checkpoint of ${size} records.`);
  if (from !== undefined && from > size) throw fault('NotFound', `The log has ${size} records, fewer than ${from}.`);
  const index = (sequence ?? 0) - 1;
  return {
    ...proof,
    ...(sequence === undefined
      ? {}
      : { inclusion: { index, entry: base64(entryOf(folder, index, size)), path: inclusionProof(index, size, node).map(base64) } }),
    ...(from === undefined
      ? {}
      : { consistency: { from, root: base64(rootOver(0, from, node)), path: consistencyProof(from, size, node).map(base64) } }),
  };
}

/** One entry out of its bundle. */
export function entryOf(folder: string, index: number, size: number): Uint8Array {
  const bundle = Math.floor(index / tileWidth);
  const width = Math.min(tileWidth, size - bundle * tileWidth);
  const bytes = readLogFile(folder, { kind: 'entries', index: bundle, width });
  const entry = bytes && decodeBundle(bytes).entries[index % tileWidth]?.bytes;
  if (!entry) throw fault('AuditLogBroken', `Entry ${index} is not in its bundle.`);
  return entry;
}

/** Why a proof does not hold under the log's keys; undefined when it does. */
export function proofFault(proof: Proof, keys: AuditKeys): string | undefined {
  const note = parseNote(proof.checkpoint);
  const checkpoint = note && parseCheckpoint(note.text);
  if (!checkpoint || !checkpoint.origin.endsWith(`/${proof.log}`) || checkpoint.size !== proof.size)
    return 'The checkpoint is not that of this log.';
  if (!verifiersOf(keys, checkpoint.origin).every((verifier) => verifyNote(note, verifier)))
    return 'The checkpoint is not signed by these keys.';
  const { inclusion, consistency } = proof;
  const bytes = (text: string) => Buffer.from(text, 'base64');
  if (inclusion) {
    const hash = leafHash(bytes(inclusion.entry));
    if (!verifyInclusion(inclusion.index, checkpoint.size, hash, inclusion.path.map(bytes), checkpoint.root))
      return `The path does not lead from entry ${inclusion.index} to the root.`;
  }
  if (consistency) {
    const { from, root, path } = consistency;
    if (!verifyConsistency(from, checkpoint.size, bytes(root), checkpoint.root, path.map(bytes)))
      return `The log of ${from} entries is not the beginning of this one.`;
  }
  return undefined;
}
