import { type Bytes, fromBase64, same, toHex } from './byte.ts';
import { type CheckedSignature, checkSignatures, parseCheckpoint } from './note.ts';
import { isBeginning, leafHash, type Step, walkUp } from './tree.ts';

/** What the platform answers to `ProveAudit`; hashes and the entry are base64. */
export type Proof = {
  readonly log: string;
  readonly checkpoint: string;
  readonly size: number;
  readonly inclusion?: { readonly index: number; readonly entry: string; readonly path: readonly string[] };
  readonly consistency?: { readonly from: number; readonly root: string; readonly path: readonly string[] };
};

/** What an entry says of itself in the clear. */
export type EntryHeader = {
  readonly log: string;
  readonly sequence: number;
  readonly at: number;
  readonly process: string;
  readonly number: number;
};

/** A proof as this browser found it. */
export type CheckedProof = {
  readonly header: EntryHeader | undefined;
  readonly sizeBytes: number;
  readonly leaf: Bytes;
  readonly steps: readonly Step[];
  /** Of the checkpoint. */
  readonly root: Bytes;
  readonly size: number;
  /** Whether the path ends in the checkpoint's root. */
  readonly leads: boolean;
  /** Whether the entry says that it is this record of this log. */
  readonly named: boolean;
  readonly signatures: readonly CheckedSignature[];
};

/** Whether this browser can hash at all: pages of an address it does not trust cannot. */
export const canCheck = (): boolean => globalThis.crypto?.subtle !== undefined;

/** Checks a proof of inclusion from the entry's bytes to the signature; undefined when it is no such proof. */
export async function checkInclusion(proof: Proof, sequence: number, verifiers: readonly string[]): Promise<CheckedProof | undefined> {
  const checkpoint = parseCheckpoint(proof.checkpoint);
  const entry = fromBase64(proof.inclusion?.entry ?? '');
  const path = allFromBase64(proof.inclusion?.path ?? []);
  if (!checkpoint || !proof.inclusion || !entry || !path) return undefined;
  const leaf = await leafHash(entry);
  const steps = await walkUp(proof.inclusion.index, checkpoint.size, leaf, path);
  const header = headerOf(entry);
  return {
    header,
    sizeBytes: entry.length,
    leaf,
    steps: steps ?? [],
    root: checkpoint.root,
    size: checkpoint.size,
    leads: steps !== undefined && same(steps.at(-1)?.made ?? leaf, checkpoint.root),
    named:
      header?.sequence === sequence &&
      header.log === proof.log &&
      proof.inclusion.index === sequence - 1 &&
      checkpoint.origin.endsWith(`/${proof.log}`),
    signatures: await checkSignatures(checkpoint, verifiers),
  };
}

/** A checkpoint that was seen before. */
export type Seen = { readonly size: number; readonly root: string; readonly at: number };

/** Whether the log of now begins with the one that was seen before. */
export async function checkConsistency(proof: Proof, seen: Seen): Promise<boolean> {
  const checkpoint = parseCheckpoint(proof.checkpoint);
  const path = allFromBase64(proof.consistency?.path ?? []);
  const root = fromBase64(proof.consistency?.root ?? '');
  if (!checkpoint || !path || !root || proof.consistency?.from !== seen.size || toHex(root) !== seen.root) return false;
  return isBeginning(seen.size, checkpoint.size, root, checkpoint.root, path);
}

function allFromBase64(texts: readonly string[]): Bytes[] | undefined {
  const all = texts.map(fromBase64);
  return all.every((each) => each?.length === 32) ? (all as Bytes[]) : undefined;
}

/** The line in the clear that an entry begins with. */
function headerOf(entry: Bytes): EntryHeader | undefined {
  const end = entry.indexOf(10);
  try {
    return end < 0 ? undefined : (JSON.parse(new TextDecoder().decode(entry.subarray(0, end))) as EntryHeader);
  } catch {
    return undefined;
  }
}
