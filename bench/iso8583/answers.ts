import { Connection } from '#engine/iso8583/connection.ts';
import { Host } from '#engine/iso8583/host.ts';
import { answerTo, schemes, schemeSpec } from '#wire/iso8583/scheme.ts';

const connections = 8;
const underWay = 64;
const encoding = 'binary';

/** Authorizations over eight connections to a host that approves at once, in this same process: a second's, and what 99 of 100 take. */
export async function answers(seconds: number): Promise<{ rate: number; p99Ms: number }> {
  const [scheme] = schemes;
  const host = new Host(schemeSpec(scheme!, encoding), (message) => answerTo(message, { 38: '123456', 39: '00' }));
  const port = await host.listen(0, '127.0.0.1');
  const open = await Promise.all(
    Array.from({ length: connections }, () => Connection.open(port, '127.0.0.1', { scheme: scheme!, encoding })),
  );
  const measure = async (forSeconds: number): Promise<number[]> => {
    const times: number[] = [];
    const began = performance.now();
    const ask = async (connection: Connection) => {
      while (performance.now() - began < forSeconds * 1000) {
        const from = performance.now();
        const fields = {
          2: '4242424242424242',
          3: '000000',
          4: '100',
          7: '1126153058',
          11: connection.nextTrace(),
          41: 'TERM0001',
          49: '756',
        };
        await connection.request({ mti: '0100', fields });
        times.push(performance.now() - from);
      }
    };
    await Promise.all(Array.from({ length: underWay }, (_, index) => ask(open[index % connections]!)));
    return times.sort((left, right) => left - right);
  };
  await measure(seconds);
  const times = await measure(seconds);
  await Promise.all(open.map((connection) => connection.close()));
  await host.close();
  return { rate: times.length / seconds, p99Ms: times[Math.floor(times.length * 0.99)] ?? Number.NaN };
}
