import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../free-port.ts';
import { type Check, check, type Client } from '../client.ts';
import { debianPackage } from '../debian.ts';
import type { Place } from '../place.ts';
import { until } from '../tool.ts';

/** A real Prometheus scrapes every process that has a REST door, with its exemplars. */
export const client: Client = {
  name: 'prometheus',
  setup: () => debianPackage('prometheus'),
  async run(place) {
    const targets = Object.entries(place.doors).flatMap(([name, { url }]) => (name.endsWith('.rest') ? [new URL(url).host] : []));
    const configuration = {
      global: { scrape_interval: '1s' },
      scrape_configs: [{ job_name: 'gamut', static_configs: [{ targets }] }],
    };
    const folder = join(place.folder, 'prometheus');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(configuration));
    const port = await freePort();
    const argv = [`--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'data')}`];
    const flags = [`--web.listen-address=127.0.0.1:${port}`, '--enable-feature=exemplar-storage', '--log.level=error'];
    const prometheus = spawn('prometheus', [...argv, ...flags], { stdio: ['ignore', 'ignore', 'inherit'] });
    try {
      return { checks: await checks(place, `http://127.0.0.1:${port}`, targets.length) };
    } finally {
      prometheus.kill('SIGKILL');
    }
  },
};

type Sample = { readonly metric: Record<string, string>; readonly value: [number, string] };

async function checks(place: Place, url: string, targets: number): Promise<Check[]> {
  const headers = { authorization: `Bearer ${place.admin.bearer}`, traceparent: '00-bf92f3577b34da6a3ce929d0e0e4736d-00f067aa0ba902b7-01' };
  await fetch(new URL('/v1/platform/projects', place.admin.url), { headers });
  const query = async (text: string) => {
    const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(text)}`);
    return ((await answer.json()) as { data: { result: Sample[] } }).data.result;
  };
  await until('Prometheus is ready', async () => {
    const answer = await fetch(`${url}/-/ready`).catch(() => undefined);
    return answer?.status === 200;
  });
  return [
    await check('Prometheus scrapes every process, and finds each up', () =>
      until('every target is up', async () => (await query('sum(up)')).some(({ value }) => Number(value[1]) === targets)),
    ),
    await check('Prometheus computes a quantile of an operation from its histogram', () =>
      until('there is a quantile', async () => {
        const text = 'histogram_quantile(0.95, sum by (le) (gamut_operation_seconds_bucket{operation="ListProjects"}))';
        return (await query(text)).some(({ value }) => Number(value[1]) > 0);
      }),
    ),
    await check('Prometheus stores the exemplar of a bucket, which names the trace of the call', () =>
      until('the exemplar is stored', async () => {
        const end = Date.now() / 1000 + 60;
        const asked = `query=gamut_operation_seconds_bucket&start=${end - 3600}&end=${end}`;
        const answer = (await (await fetch(`${url}/api/v1/query_exemplars?${asked}`)).json()) as { data: unknown };
        return JSON.stringify(answer.data).includes('bf92f3577b34da6a3ce929d0e0e4736d');
      }),
    ),
  ];
}
