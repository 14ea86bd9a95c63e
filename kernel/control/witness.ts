import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { policySource } from '../audit/policy-file.ts';
import { witnessFileName, witnessFileText } from '../audit/public-key.ts';
import type { Registry } from '../observe/registry.ts';
import { writeDurably } from '../volume/write.ts';
import type { Context } from './context.ts';
import { witnessDoor } from './witness-door.ts';

/** Writes the keys that others verify our cosignatures with beside the audit logs, and opens the witness' door. */
export async function openWitness({ data, deployment, keeper, system, log, now }: Context, registry: Registry, file: string | undefined) {
  const directory = join(data, 'audit');
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  writeDurably(join(directory, witnessFileName), witnessFileText(await keeper.witnessKeys(), deployment), 0o600);
  const policy = policySource(file, (reason) => log('error', 'the policy of witnesses is not taken', { reason }));
  return witnessDoor({ sql: system, keeper, deployment, policy, registry, now });
}
