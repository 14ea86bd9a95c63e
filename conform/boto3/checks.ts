import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import { castOf } from '../cast.ts';
import type { Check } from '../client.ts';
import type { Place } from '../place.ts';
import { pythonChecks } from '../python.ts';

/** Runs boto3's scenarios, or those that show quickly that all works together, with credentials made for them. */
export async function boto3Checks(place: Place, extent: 'all' | 'smoke' = 'all'): Promise<Check[]> {
  const cast = await castOf(place);
  const { commandLine, ca, data } = place;
  const sts = place.doors['storage.sts']?.url;
  const input = { endpoint: cast.owner.s3.endpoint, sts, ca, data, commandLine, ...cast };
  return pythonChecks(join(installation, 'conform', 'boto3', 'scenario', 'main.py'), [extent], input);
}

/** As one check, so that what boto3 is held to is listed in one place. */
export async function allOfBoto3(place: Place): Promise<void> {
  const checks = await boto3Checks(place, 'all');
  const passed = new Set(checks.filter(({ ok }) => ok).map(({ title }) => title));
  const expected = readFileSync(join(installation, 'conform', 'boto3', 'expected.txt'), 'utf8').split('\n');
  const missing = expected.filter((title) => title !== '' && !passed.has(title));
  if (missing.length > 0) throw new Error(`not passed: ${missing.join('; ')}\n${JSON.stringify(checks.filter(({ ok }) => !ok))}`);
}
