import { tourSettleMs } from '../limits.ts';
import type { Stage } from './stage.ts';

/** What the platform wrote down of all this: audit and usage of the organization. */
export async function recordScene(stage: Stage): Promise<void> {
  stage.scene('What was recorded');
  const there = { environment: stage.cast.organization };
  const began = performance.now();
  // Windows of reads close within a second, and recorder stores them right after.
  await new Promise((resolve) => setTimeout(resolve, tourSettleMs));
  const { items: audit } = await stage.admin.ListAudit({ limit: 1000 }, there);
  const counts = new Map<string, { count: number; bytes: number }>();
  for (const { service, operation, outcome, count, bytes } of audit) {
    const key = `${service}.${operation} ${outcome}`;
    const known = counts.get(key) ?? { count: 0, bytes: 0 };
    counts.set(key, { count: known.count + count, bytes: known.bytes + bytes });
  }
  stage.done(`audit: the newest ${audit.length} records`, began);
  for (const [key, { count, bytes }] of [...counts].sort())
    stage.say(`    ${key.padEnd(48)} ${String(count).padStart(8)} requests${bytes > 0 ? `, ${bytes} bytes` : ''}`);
  const { items: usage } = await stage.admin.ListUsage({ window: 'hour' }, there);
  stage.say('  usage, exact:');
  // A meter has a row for each environment and for each operation and resource that it is split by.
  const sums = new Map<string, { value: bigint; unit: string }>();
  for (const { service, meter, value, unit } of usage) {
    const key = `${service}.${meter}`;
    sums.set(key, { value: (sums.get(key)?.value ?? 0n) + BigInt(value), unit });
  }
  for (const [key, { value, unit }] of [...sums].sort()) stage.say(`    ${key.padEnd(48)} ${String(value).padStart(12)} ${unit}`);
}
