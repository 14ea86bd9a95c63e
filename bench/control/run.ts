import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type House, openHouse } from '#kernel/session/test/fixture/house.ts';
import { forked } from '../fork.ts';
import type { Asked, Told } from '../invoke/generator.main.ts';
import { type BenchResult, bounded } from '../result.ts';

const awayMs = 60_000;
const lookMs = 20;
const connections = 8;
const path = '/v1/echo/channels/c/hear';

const control = (house: House) => house.platform.status().processes.find(({ name }) => name === 'control');

/** Stops every process that is control, the ones that the supervisor starts instead included, until told to let go. */
function keepAway(house: House): () => void {
  const stopped = new Set<number>();
  const stop = () => {
    const pid = control(house)?.pid;
    if (!pid) return;
    stopped.add(pid);
    process.kill(pid, 'SIGSTOP');
  };
  stop();
  const timer = setInterval(stop, lookMs);
  return () => {
    clearInterval(timer);
    for (const pid of stopped) {
      try {
        process.kill(pid, 'SIGCONT');
      } catch {
        // The supervisor ended it meanwhile.
      }
    }
  };
}

/** Calls of one credential in the audit log. */
async function recorded(house: House, credential: string): Promise<number> {
  let sum = 0;
  for (let before = ''; ; ) {
    const { body } = await house.call('GET', `/v1/platform/audit?operation=Hear&limit=1000${before}`);
    const { items = [], next } = body as { items?: { credential: string; outcome: string; count: number }[]; next?: number };
    for (const { credential: one, outcome, count } of items) if (one === credential && outcome === 'ok') sum += Number(count);
    if (next === undefined) return sum;
    before = `&before=${next}`;
  }
}

async function untilReady(house: House): Promise<void> {
  while (control(house)?.state !== 'ready') await sleep(lookMs);
}

/** Waits until all is recorded, or until the number has not moved for a while. */
async function settled(house: House, credential: string, wanted: number): Promise<number> {
  let [found, still] = [0, 0];
  while (found !== wanted && still < 100) {
    await sleep(200);
    const now = await recorded(house, credential).catch(() => found);
    still = now === found ? still + 1 : 0;
    found = now;
  }
  return found;
}

/** Control stopped for a minute under load: what known credentials see of it, and whether every request is recorded afterwards. */
export async function run(): Promise<BenchResult> {
  const house = await openHouse({ mode: 'processes', quiet: true });
  const generator = forked(fileURLToPath(new URL('../invoke/generator.main.ts', import.meta.url)));
  try {
    const { id, bearer } = await house.credential({ role: 'reader' });
    const port = Number(new URL(house.platform.doors['echo.http']?.url ?? '').port);
    const ask = (ms: number) => generator.ask<Told>({ port, path, bearer, connections, ms } satisfies Asked);
    const before = await ask(1000);
    const letGo = keepAway(house);
    const away = await ask(awayMs);
    letGo();
    const back = performance.now();
    await untilReady(house);
    const backMs = performance.now() - back;
    const answered = before.requests + away.requests;
    const found = await settled(house, id, answered);
    return {
      name: 'control',
      rows: [
        bounded(`failed requests in ${awayMs / 1000} s without control`, 'requests', before.failed + away.failed, 0),
        bounded('requests answered in that time', 'requests', away.requests, null),
        bounded('difference of recorded and answered', 'requests', Math.abs(found - answered), 0),
        bounded('p99 latency in that time', 'ms', away.p99Ms, null),
        bounded('control ready again after', 'ms', backMs, null),
      ],
    };
  } finally {
    await generator.end();
    await house.stop();
  }
}
