import { LeasedBucket, machineMs, openLeases } from '../lease.ts';

/** Spends of a shared rate as fast as it can, and tells how much and between which times. */
const [, , run = '', name = '', perSecond = '', burst = '', takes = ''] = process.argv;
const leases = openLeases(run, 'shared');
const bucket = new LeasedBucket(leases, 'scope rate', name, { perSecond: Number(perSecond), burst: Number(burst) });
const from = machineMs();
let spent = 0;
for (let tried = 0; tried < Number(takes); ) {
  const wait = bucket.take(1);
  if (wait === 0) {
    spent += 1;
    tried += 1;
  } else await new Promise((resolve) => setTimeout(resolve, wait));
}
const to = machineMs();
process.stdout.write(JSON.stringify({ from, to, spent }));
await leases.close();
