import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fault } from '#kernel/contract/fault.ts';
import { type Proof, proofFault } from '#kernel/audit/prove.ts';
import { keyFileName } from '#kernel/audit/public-key.ts';
import { type Finding, type Verified, verifyLogs } from '#kernel/audit/verify.ts';
import { readPolicyFile } from '#kernel/audit/policy-file.ts';
import { dataPath } from '#kernel/volume/path.ts';
import type { Global } from '../global.ts';
import { keysIn } from './key.ts';
import { publishTries, publishWaitMs } from './limits.ts';
import { readOptions } from './option.ts';

/** `gamut audit verify`: exits with 1 when something does not hold. */
export async function verify(argv: string[], global: Global): Promise<number> {
  const { words, values } = readOptions(argv, 1, ['key', 'proof', 'witness']);
  if (values.proof !== undefined) return verifyProof(values.proof, values.key, global);
  const directory = words[0] ?? join(dataPath(global.data), 'audit');
  const keyFile = values.key ?? join(directory, keyFileName);
  const keys = keysIn(keyFile);
  const policy = values.witness === undefined ? undefined : readPolicyFile(values.witness);
  let verified = verifyLogs(directory, keys, policy);
  // On a platform that runs, a checkpoint is shown a moment before the root log has it.
  for (let tries = 1; tries < publishTries && verified.findings.some(isFresh); tries += 1) {
    await sleep(publishWaitMs);
    verified = verifyLogs(directory, keys, policy);
  }
  if (global.output === 'json') console.log(JSON.stringify(verified));
  else console.log(report(verified, values.key === undefined ? keyFile : undefined));
  return verified.faults > 0 ? 1 : 0;
}

const isFresh = ({ text }: Finding): boolean => text.includes('not in the root log');

function report({ logs, records, checkpoints, findings, faults }: Verified, beside: string | undefined): string {
  const lines = findings.map(({ log, text, file, byte }) => {
    const where = file === undefined ? '' : ` (${file}${byte === undefined ? '' : `, byte ${byte}`})`;
    return `${log}: ${text}${where}`;
  });
  if (faults > findings.length) lines.push(`and ${faults - findings.length} more`);
  lines.push(
    `${logs.length} logs, ${records} records, ${checkpoints} checkpoints: ${faults === 0 ? 'everything holds' : `${faults} faults`}`,
  );
  if (beside !== undefined)
    lines.push(`The key is the one beside the logs, ${beside}; whoever changed them may have changed it: name yours by --key.`);
  return lines.join('\n');
}

function verifyProof(file: string, keyFile: string | undefined, { output }: Global): number {
  if (keyFile === undefined) throw fault('Usage', 'A proof is verified by a key of your own: name it by --key.');
  let proof: Proof;
  try {
    proof = JSON.parse(readFileSync(file, 'utf8')) as Proof;
  } catch (cause) {
    throw fault('BadInput', { detail: `${file} is no proof.`, cause });
  }
  const reason = proofFault(proof, keysIn(keyFile));
  const text = reason ?? `The proof holds: ${saying(proof)}`;
  console.log(output === 'json' ? JSON.stringify({ ok: reason === undefined, text }) : text);
  return reason === undefined ? 0 : 1;
}

/** What a proof says. */
export function saying({ log, size, inclusion, consistency }: Proof): string {
  const parts = [
    inclusion ? [`record ${inclusion.index + 1} is in ${log}, among ${size}`] : [],
    consistency ? [`the first ${consistency.from} records of ${log} are still its beginning, of ${size}`] : [],
  ].flat();
  return `${parts.length > 0 ? parts.join('; ') : `the checkpoint of ${size} records of ${log} is signed`}.`;
}
