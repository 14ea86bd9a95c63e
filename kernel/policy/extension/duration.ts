import { long } from '../long.ts';
import { type DurationValue, type Failure, failure } from '../value.ts';

const form = /^(-?)(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?$/;
const unitMs = [86_400_000n, 3_600_000n, 60_000n, 1000n, 1n];

/** Reads `-1d2h3m4s5ms`: units in this order, each at most once, at least one. */
export function duration(text: string): DurationValue | Failure {
  const found = form.exec(text);
  if (!found || text === '' || text === '-') {
    return failure(`error while evaluating \`duration\` extension function: \`${text}\` is not a valid duration`);
  }
  let total = 0n;
  for (const [index, unit] of unitMs.entries()) total += BigInt(found[index + 2] ?? 0) * unit;
  const ms = long(found[1] ? -total : total);
  if (ms === undefined) return failure('error while evaluating `duration` extension function: a duration has 64 bits of milliseconds');
  return { kind: 'duration', ms };
}
