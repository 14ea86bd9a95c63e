import { once } from 'node:events';
import { connect } from 'node:net';
import { type House, openHouse } from '#kernel/session/test/fixture/house.ts';
import { type BenchResult, bounded, median } from '../result.ts';

const runs = 20;
const connections = 200;
const goalMs = 100;

type Parked = { readonly goodbyeAt: Promise<number>; readonly welcome: Promise<void> };

/** One connection that entered with a bearer and waits for what nobody will say; resolves with when it was told goodbye. */
function park(url: URL, bearer: string): Parked {
  const socket = connect(Number(url.port), url.hostname);
  const welcome = Promise.withResolvers<void>();
  const goodbye = Promise.withResolvers<number>();
  let heard = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    heard += text;
    if (heard.includes('welcome\n')) welcome.resolve();
    if (heard.includes('goodbye revoked\n')) goodbye.resolve(performance.now());
  });
  socket.once('close', () => goodbye.reject(new Error(`a connection closed without goodbye: ${heard}`)));
  socket.once('error', goodbye.reject);
  void once(socket, 'connect').then(() => socket.write(`${bearer}\nwait room\n`));
  return { welcome: welcome.promise, goodbyeAt: goodbye.promise };
}

/** Milliseconds from the revoke's answer to the last goodbye; none when all had said it before. */
async function revoke(house: House, url: URL): Promise<number> {
  const { id, bearer } = await house.credential({ role: 'reader' });
  const parked = Array.from({ length: connections }, () => park(url, bearer));
  await Promise.all(parked.map(({ welcome }) => welcome));
  const last = Promise.all(parked.map(({ goodbyeAt }) => goodbyeAt));
  last.catch(() => undefined);
  const { status } = await house.call('POST', `/v1/platform/credentials/${id}/revoke-credential`, {});
  const returned = performance.now();
  if (status !== 200) throw new Error(`the revoke answered ${status}`);
  return Math.max(0, Math.max(...(await last)) - returned);
}

/** How long open connections of a revoked credential live on, each with a call that waits. */
export async function run(): Promise<BenchResult> {
  const house = await openHouse({ mode: 'processes', quiet: true });
  try {
    const url = new URL(house.platform.doors['echo.poll']?.url ?? '');
    const taken: number[] = [];
    await revoke(house, url);
    for (let at = 0; at < runs; at += 1) taken.push(await revoke(house, url));
    return {
      name: 'revoke',
      rows: [
        bounded(`last goodbye of ${connections} connections, most of ${runs}`, 'ms', Math.max(...taken), goalMs),
        bounded('the same, median', 'ms', median(taken), goalMs),
      ],
    };
  } finally {
    await house.stop();
  }
}
