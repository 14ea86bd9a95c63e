import { readdirSync } from 'node:fs';
import { parseCheckpoint, parseNote, verifyNote } from '#wire/tlog/note.ts';
import { isWitnessed, type WitnessPolicy } from '#wire/tlog/policy.ts';
import { decodeCursors, decodeLeaf, originOf, rootLog } from './leaf.ts';
import { findingsMax } from './limits.ts';
import { isLogName } from './log-name.ts';
import { type AuditKeys, verifiersOf } from './public-key.ts';
import { type Find, type Finding, folderOf, verifyCheckpoint, verifyNoteOf, verifyTree } from './verify-log.ts';

export type { Finding } from './verify-log.ts';

/** What a verification found. `findings` is empty when everything holds; `faults` counts those that are not named, too. */
export type Verified = {
  readonly logs: readonly { readonly log: string; readonly size: number }[];
  readonly records: number;
  readonly checkpoints: number;
  readonly findings: readonly Finding[];
  readonly faults: number;
};

/** A checkpoint that the root log holds, and where. */
type Witnessed = { readonly size: number; readonly root: Uint8Array; readonly position: number };

/**
 * Verifies every log below a directory with nothing but its files and the public keys: each entry is in the tree that
 * was signed, each tree continues the ones that the root log remembers, and no record of any process is left out. With a
 * policy, the witnesses it asks for must have cosigned the root log.
 */
export function verifyLogs(directory: string, keys: AuditKeys, policy?: WitnessPolicy): Verified {
  const findings: Finding[] = [];
  let faults = 0;
  const finder =
    (log: string): Find =>
    (finding) => {
      faults += 1;
      if (findings.length < findingsMax) findings.push({ log, ...finding });
    };
  // Logs are looked at before the root log: on a platform that runs, the root log then knows what they show, or will soon.
  const names = readdirSync(directory).filter(isLogName).sort();
  const seen = names.map((log) => ({ log, checkpoint: verifyCheckpoint(folderOf(directory, log), keys, finder(log)) }));
  const root = readRoot(directory, keys, finder(rootLog));
  if (root && policy && !isWitnessed(root.note, policy))
    finder(rootLog)({ text: `the checkpoint is not cosigned as ${policy.quorum} of the policy asks for`, file: 'checkpoint' });
  const numbers = new Numbers();
  const logs: { log: string; size: number }[] = [];
  let records = 0;
  for (const { log, checkpoint } of seen) {
    const find = finder(log);
    const witnessed = root?.checkpoints.get(log) ?? [];
    if (!checkpoint) continue;
    if (root && checkpoint.origin !== originOf(root.deployment, log))
      find({ text: `the checkpoint is of ${checkpoint.origin}`, file: 'checkpoint' });
    logs.push({ log, size: checkpoint.size });
    records += checkpoint.size;
    const last = witnessed.at(-1);
    if (!last || last.size < checkpoint.size)
      find({ text: `the checkpoint of ${checkpoint.size} entries is not in the root log`, file: 'checkpoint' });
    verifyTenant(directory, log, checkpoint, witnessed, numbers, find);
  }
  for (const log of root?.checkpoints.keys() ?? [])
    if (!names.includes(log)) finder(log)({ text: 'the root log knows it, and it is gone' });
  numbers.verify(root?.cursors ?? {}, finder(rootLog));
  return { logs, records, checkpoints: root?.count ?? 0, findings, faults };
}

function verifyTenant(
  directory: string,
  log: string,
  checkpoint: { origin: string; size: number; root: Uint8Array },
  witnessed: readonly Witnessed[],
  numbers: Numbers,
  find: Find,
): void {
  const due = new Map<number, Witnessed[]>(Map.groupBy(witnessed, ({ size }) => size));
  verifyTree(
    folderOf(directory, log),
    checkpoint,
    find,
    (at, entry, isGood) => {
      const leaf = decodeLeaf(entry);
      if (!isGood) return;
      if (!leaf) return find({ text: `entry ${at} is no record`, position: at });
      const { header } = leaf;
      if (header.log !== log || header.sequence !== at + 1)
        find({ text: `entry ${at} calls itself record ${header.sequence} of ${header.log}`, position: at });
      if (!numbers.add(header.process, header.number))
        find({ text: `record ${header.number} of ${header.process} stands twice in the logs`, position: at });
    },
    (tree) => {
      const { size } = tree;
      for (const { root: signed, position } of due.get(size) ?? [])
        if (Buffer.compare(tree.root(), signed) !== 0)
          find({ text: `the first ${size} entries are not those of the checkpoint at ${position} of the root log`, position: size - 1 });
    },
  );
  for (const { size, position } of witnessed)
    if (size > checkpoint.size)
      find({ text: `the checkpoint at ${position} of the root log covers ${size} entries, and only ${checkpoint.size} are here` });
}

/** Reads and verifies the root log; undefined where even its checkpoint is not good. */
function readRoot(directory: string, keys: AuditKeys, find: Find) {
  const folder = folderOf(directory, rootLog);
  const signed = verifyNoteOf(folder, keys, find);
  if (!signed) return undefined;
  const { note: shown, checkpoint } = signed;
  const [, deployment = ''] = /^gamut\/([0-9a-f]{16})\/root$/.exec(checkpoint.origin) ?? [];
  if (deployment === '') return void find({ text: `${checkpoint.origin} is not the name of a root log`, file: 'checkpoint' });
  const checkpoints = new Map<string, Witnessed[]>();
  let cursors: Readonly<Record<string, number>> = {};
  let count = 0;
  const prefix = originOf(deployment, '');
  verifyTree(
    folder,
    checkpoint,
    find,
    (at, entry, isGood) => {
      if (!isGood) return;
      const said = decodeCursors(entry);
      if (said) {
        cursors = said.cursors;
        return;
      }
      const note = parseNote(Buffer.from(entry).toString());
      const told = note && parseCheckpoint(note.text);
      const [verifier] = told ? verifiersOf(keys, told.origin) : [];
      if (!told?.origin.startsWith(prefix) || !verifier || !verifyNote(note as never, verifier))
        return find({ text: `entry ${at} is no checkpoint of a log of this platform`, position: at });
      const log = told.origin.slice(prefix.length);
      const known = checkpoints.get(log) ?? [];
      if ((known.at(-1)?.size ?? 0) > told.size) find({ text: `${log} shrank at entry ${at} of the root log`, position: at });
      known.push({ size: told.size, root: told.root, position: at });
      checkpoints.set(log, known);
      count += 1;
    },
    () => undefined,
  );
  return { deployment, checkpoints, cursors, count, note: shown };
}

/** The numbers that the records of each process carry, as one bit each. */
class Numbers {
  readonly #bits = new Map<string, Uint8Array>();

  /** False when the number was there already. */
  add(process: string, number: number): boolean {
    let bits = this.#bits.get(process) ?? new Uint8Array(1024);
    const at = Math.floor(number / 8);
    if (at >= bits.length) {
      const wider = new Uint8Array(Math.max(at + 1, bits.length * 2));
      wider.set(bits);
      bits = wider;
    }
    this.#bits.set(process, bits);
    const mask = 1 << (number % 8);
    if (((bits[at] ?? 0) & mask) !== 0) return false;
    bits[at] = (bits[at] ?? 0) | mask;
    return true;
  }

  verify(cursors: Readonly<Record<string, number>>, find: Find): void {
    for (const [process, last] of Object.entries(cursors)) {
      const bits = this.#bits.get(process) ?? new Uint8Array(0);
      for (let number = 1; number <= last; number += 1) {
        if (((bits[Math.floor(number / 8)] ?? 0) & (1 << (number % 8))) === 0)
          find({ text: `record ${number} of ${process} is in no log, and ${last} are said to be` });
      }
    }
  }
}
