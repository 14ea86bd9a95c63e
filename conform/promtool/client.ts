import { command, tryCommand } from '../command.ts';
import { type Check, check, type Client } from '../client.ts';
import { debianPackage } from '../debian.ts';

/** Prometheus' own check of what every process that has a REST door says of itself. */
export const client: Client = {
  name: 'promtool',
  setup: () => debianPackage('prometheus'),
  async run(place) {
    const checks: Check[] = [];
    for (const [name, { url }] of Object.entries(place.doors).filter(([door]) => door.endsWith('.rest'))) {
      const title = `the metrics of ${name.slice(0, -'.rest'.length)} are as promtool wants them`;
      checks.push(await check(title, () => checkMetrics(url)));
    }
    checks.push(await check('promtool refuses what is no metric, so its word counts', refusesNonsense));
    return { checks };
  },
};

async function checkMetrics(url: string): Promise<void> {
  const response = await fetch(new URL('/metrics', url));
  const text = await response.text();
  if (response.status !== 200) throw new Error(`/metrics answers ${response.status}`);
  if (!/^text\/plain; version=0\.0\.4/.test(response.headers.get('content-type') ?? ''))
    throw new Error(`/metrics is ${response.headers.get('content-type')}`);
  if (!/^[a-z_]+(\{[^}]*\})? [0-9.e+-]+$/m.test(text)) throw new Error('/metrics holds no sample');
  const complaints = await command(['promtool', 'check', 'metrics'], { input: text });
  if (complaints.trim() !== '') throw new Error(complaints);
}

async function refusesNonsense(): Promise<void> {
  const { code } = await tryCommand(['promtool', 'check', 'metrics'], { input: 'gamut_nonsense{ 1\n' });
  if (code === 0) throw new Error('promtool accepted nonsense');
}
