import { readFileSync, statSync } from 'node:fs';
import { parsePolicy, type WitnessPolicy } from '#wire/tlog/policy.ts';
import { fault } from '../contract/fault.ts';
import { policyBytesMax } from './limits.ts';

/** Reads a policy of witnesses (C2SP tlog-policy). BadInput says which line is wrong. */
export function readPolicyFile(path: string): WitnessPolicy {
  if (statSync(path).size > policyBytesMax) throw fault('BadInput', `${path} is larger than any policy.`);
  const policy = parsePolicy(readFileSync(path, 'utf8'));
  if (typeof policy === 'string') throw fault('BadInput', `${path}: ${policy}`);
  return policy;
}

/** What an operator's policy says now; undefined where there is none. */
export type PolicySource = () => WitnessPolicy | undefined;

/** Reads the file again when it was changed. One that is wrong is told once, and the last good one goes on. */
export function policySource(path: string | undefined, complain: (reason: string) => void): PolicySource {
  let policy: WitnessPolicy | undefined;
  let seen = '';
  return () => {
    if (path === undefined) return undefined;
    try {
      const { mtimeMs, size } = statSync(path);
      const version = `${mtimeMs} ${size}`;
      if (version === seen) return policy;
      seen = version;
      policy = readPolicyFile(path);
    } catch (error) {
      complain(String(error));
    }
    return policy;
  };
}
