import { Switch } from '#services/payments/engine/card/switch.ts';

const waitMs = 5000;
const fair = { seed: '', latencyMs: 0, spreadMs: 0, waitMs, lost: 0, late: 0, twice: 0, declined: 0, declineCode: '05' };
const circumstances = { authenticated: false, prepared: false, offSession: false };

/** Authorizations through the card switch of payments and its simulated issuers, which answer at once, all in this process. */
export async function switched(seconds: number, underWay: number): Promise<{ rate: number; p99Ms: number; cpuUs: number }> {
  const cards = new Switch(
    () => fair,
    () => undefined,
  );
  let count = 0;
  const one = { place: '1', number: '4242424242424242', amount: 2000, currency: 'usd', expiry: '3012', acquirer: '400001', takes: false };
  const measure = async (forSeconds: number): Promise<number[]> => {
    const times: number[] = [];
    const began = performance.now();
    const ask = async () => {
      while (performance.now() - began < forSeconds * 1000) {
        const from = performance.now();
        count += 1;
        const { code } = await cards.authorize({ ...one, name: `payment ${count}`, circumstances, waitMs });
        if (code !== '00') throw new Error(`an authorization was answered with ${code}`);
        times.push(performance.now() - from);
      }
    };
    await Promise.all(Array.from({ length: underWay }, ask));
    return times.sort((left, right) => left - right);
  };
  await measure(seconds);
  const before = process.cpuUsage();
  const times = await measure(seconds);
  const { user, system } = process.cpuUsage(before);
  await cards.close();
  return {
    rate: times.length / seconds,
    p99Ms: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
    cpuUs: (user + system) / times.length,
  };
}
