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
