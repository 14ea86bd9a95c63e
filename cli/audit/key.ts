import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fault } from '#kernel/contract/fault.ts';
import { originOf, rootLog } from '#kernel/audit/leaf.ts';
import { assertLogName } from '#kernel/audit/log-name.ts';
import { type AuditKeys, keyFileName, readAuditKeys, verifiersOf, witnessFileName } from '#kernel/audit/public-key.ts';
import { dataPath } from '#kernel/volume/path.ts';
import { parseVerifier, verifierText } from '#wire/tlog/note.ts';
import type { Global } from '../global.ts';
import { readOptions } from './option.ts';

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw fault('NotFound', { detail: `${file} cannot be read.`, cause });
  }
}

/** The keys in a file. */
export const keysIn = (file: string): AuditKeys => readAuditKeys(textOf(file));

/** `gamut audit key [LOG | witness]`: verifier lines, for `note`, `fsck` and the policies of other logs. */
export async function key(argv: string[], global: Global): Promise<number> {
  const { words } = readOptions(argv, 1, []);
  const [log = rootLog] = words;
  const audit = join(dataPath(global.data), 'audit');
  if (log === 'witness') return print(textOf(join(audit, witnessFileName)).trim().split('\n'), global);
  assertLogName(log);
  const text = textOf(join(audit, keyFileName));
  const [, deployment = ''] = parseVerifier(text.split('\n')[0] ?? '')?.name.split('/') ?? [];
  return print(verifiersOf(readAuditKeys(text), originOf(deployment, log)).map(verifierText), global);
}

function print(lines: string[], global: Global): number {
  console.log(global.output === 'json' ? JSON.stringify({ verifiers: lines }) : lines.join('\n'));
  return 0;
}
