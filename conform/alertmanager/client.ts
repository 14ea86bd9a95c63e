import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { type Check, type Client, checksOf } from '../client.ts';
import { debianPackage } from '../debian.ts';
import { listening } from '../listening.ts';
import { openPlace, type Place } from '../place.ts';
import { freePort, same, type Tool, toolOf, until } from '../tool.ts';

/** Alertmanager takes the platform's alerts and passes them on; Prometheus scrapes what every process says of itself. */
export const client: Client = {
  name: 'alertmanager',
  async setup() {
    const found = await debianPackage('prometheus-alertmanager');
    if ('skip' in found) return found;
    const beside = await debianPackage('prometheus');
    return 'skip' in beside ? beside : found;
  },
  async run({ folder }) {
    const ends: (() => Promise<void>)[] = [];
    try {
      const manager = await startAlertmanager(folder, ends);
      const own = join(folder, 'own');
      mkdirSync(own, { mode: 0o711 });
      const place = await openPlace(own, { up: ['--only', 'telemetry,log,analytics', '--outbound', new URL(manager.url).host] });
      ends.push(() => place.down());
      return {
        checks: [...(await alerts(place, manager)), ...(await viewAlerts(place, manager)), ...(await scrapes(place, folder, ends))],
      };
    } finally {
      for (const end of ends.reverse()) await end();
    }
  },
};

type Passed = { readonly status: string; readonly alerts: readonly { readonly status: string; readonly labels: Record<string, string> }[] };
type Manager = { readonly url: string; readonly tool: Tool; readonly passed: readonly Passed[] };

/** Alertmanager, whose own receiver is here. */
async function startAlertmanager(folder: string, ends: (() => Promise<void>)[]): Promise<Manager> {
  const passed: Passed[] = [];
  const receiver = await listening(
    createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (chunk) => (text += chunk));
      request.on('end', () => {
        passed.push(JSON.parse(text) as Passed);
        response.end();
      });
    }),
  );
  ends.push(receiver.close);
  const config = join(folder, 'alertmanager.yml');
  const route = 'route: { receiver: here, group_by: [alertname], group_wait: 1s, group_interval: 1s, repeat_interval: 1h }';
  const hook = `webhook_configs: [{ url: 'http://${receiver.address}/', send_resolved: true }]`;
  writeFileSync(config, `${route}\nreceivers:\n- name: here\n  ${hook}\n`);
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const argv = [`--config.file=${config}`, `--storage.path=${join(folder, 'state')}`, `--web.listen-address=${address}`];
  ends.push(toolOf(['prometheus-alertmanager'], {}).begin(...argv, '--cluster.listen-address='));
  await until('Alertmanager is ready', async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok === true);
  return { url, passed, tool: toolOf(['amtool', `--alertmanager.url=${url}`, '--output=json'], {}) };
}

async function alerts(place: Place, { url, tool, passed }: Manager): Promise<Check[]> {
  const post = (path: string, body: object) => posted(place, `${place.doors['telemetry.rest']?.url}/v1/telemetry/${path}`, body);
  const send = (value: number) => posted(place, `${place.doors['telemetry.otlp']?.url}/v1/metrics`, gaugeOf(value));
  const queried = async () => JSON.parse(await tool.run('alert', 'query', 'alertname=berths')) as Record<string, never>[];
  return await checksOf([
    [
      'an alert that fires is in Alertmanager, with its labels and annotations',
      async () => {
        await post('receivers', { name: 'manager', spec: { kind: 'alertmanager', url } });
        await send(12);
        const watched = { metric: 'berths.taken', fold: 'last', condition: 'above', threshold: 10, windowMs: 86_400_000, by: ['harbour'] };
        const spec = { ...watched, severity: 'critical', summary: 'The harbour is full.', receivers: ['manager'] };
        await post('alert-rules', { name: 'berths', spec });
        await until('Alertmanager has it', async () => (await queried()).length > 0);
        const [alert] = (await queried()) as unknown as { labels: Record<string, string>; annotations: Record<string, string> }[];
        const { alertname, severity, harbour } = alert?.labels ?? {};
        same([alertname, severity, harbour, alert?.annotations.summary], ['berths', 'critical', 'north', 'The harbour is full.']);
      },
    ],
    [
      'Alertmanager passes it on to its receiver, once',
      async () => {
        await until('the receiver has it', async () => passed.length > 0);
        same([passed.length, passed[0]?.status], [1, 'firing']);
      },
    ],
    [
      'a silence of Alertmanager takes it, so the labels are such as it knows',
      async () => {
        const id = (await tool.run('silence', 'add', '--author=conform', '--comment=seen', '--duration=1m', 'harbour=north')).trim();
        const unsilenced = async () =>
          JSON.parse(await tool.run('alert', 'query', '--unprocessed', '--active', 'harbour=north')) as unknown[];
        await until('it is silenced', async () => (await unsilenced()).length === 0);
        await tool.run('silence', 'expire', id);
      },
    ],
    [
      'an alert that is resolved is resolved in Alertmanager, and passed on as such',
      async () => {
        await send(3);
        await until('the receiver hears of it', async () => passed.at(-1)?.status === 'resolved');
        same((await queried()).length, 0);
      },
    ],
  ]);
}

/** A rule over a view of analytics. */
async function viewAlerts(place: Place, { url, tool, passed }: Manager): Promise<Check[]> {
  const post = (path: string, body: object) => posted(place, `${place.doors['analytics.rest']?.url}/v1/analytics/${path}`, body);
  const write = (text: string) => post('tables/berths/write-table', { text });
  const queried = async () => JSON.parse(await tool.run('alert', 'query', 'alertname=full')) as unknown[];
  return await checksOf([
    [
      'an alert of a view that fires is in Alertmanager, with labels of the row and its annotations',
      async () => {
        await post('tables', { name: 'berths', text: 'create table berths (harbour text primary key, taken int4)' });
        await post('views', {
          name: 'taken',
          text: 'create materialized view taken as select harbour, sum(taken) as n from berths group by harbour',
        });
        await post('receivers', { name: 'manager', spec: { kind: 'alertmanager', url } });
        const spec = { view: 'taken', when: 'n > 10', by: ['harbour'], value: 'n', severity: 'critical', receivers: ['manager'] };
        await post('alert-rules', { name: 'full', spec: { ...spec, summary: 'The harbour is full.' } });
        await write(`insert into berths values ('south', 12), ('west', 3)`);
        await until('Alertmanager has it', async () => (await queried()).length > 0);
        const found = (await queried()) as { labels: Record<string, string>; annotations: Record<string, string> }[];
        const [{ labels, annotations } = { labels: {}, annotations: {} }] = found;
        const { severity, harbour } = labels as Record<string, string>;
        same([found.length, severity, harbour, annotations.summary], [1, 'critical', 'south', 'The harbour is full.']);
        await until('the receiver has it', async () => passed.at(-1)?.alerts.some((alert) => alert.labels.harbour === 'south') === true);
      },
    ],
    [
      'it is resolved there when the row holds no more, and passed on as such',
      async () => {
        await write(`update berths set taken = 2 where harbour = 'south'`);
        await until('the receiver hears of it', async () => passed.at(-1)?.status === 'resolved' && (await queried()).length === 0);
        same(passed.at(-1)?.alerts[0]?.labels.harbour, 'south');
      },
    ],
  ]);
}

function gaugeOf(value: number): object {
  const attributes = [{ key: 'harbour', value: { stringValue: 'north' } }];
  const point = { timeUnixNano: String(BigInt(Date.now()) * 1_000_000n), asDouble: value, attributes };
  return { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'berths.taken', gauge: { dataPoints: [point] } }] }] }] };
}

async function posted({ admin }: Place, url: string, body: object): Promise<void> {
  const headers = { authorization: `Bearer ${admin.bearer}`, 'content-type': 'application/json' };
  const reply = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!reply.ok) throw new Error(`${url} answers ${reply.status}: ${await reply.text()}`);
}

/** Prometheus scrapes every process that has a REST door. */
async function scrapes(place: Place, folder: string, ends: (() => Promise<void>)[]): Promise<Check[]> {
  const rest = Object.entries(place.doors).filter(([name]) => name.endsWith('.rest'));
  const jobs = rest.map(
    ([name, { url }]) => `- { job_name: '${name}', scrape_interval: 1s, static_configs: [{ targets: ['${new URL(url).host}'] }] }`,
  );
  const config = join(folder, 'prometheus.yml');
  writeFileSync(config, `scrape_configs:\n${jobs.join('\n')}\n`);
  const address = `127.0.0.1:${await freePort()}`;
  const argv = [`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'tsdb')}`, `--web.listen-address=${address}`];
  ends.push(toolOf(['prometheus'], {}).begin(...argv, '--enable-feature=exemplar-storage'));
  const ask = async (path: string): Promise<Answer> => {
    const reply = await fetch(`http://${address}/api/v1/${path}`).catch(() => undefined);
    return reply?.ok ? (((await reply.json()) as { data: Answer }).data ?? {}) : {};
  };
  const query = async (text: string) => (await ask(`query?query=${encodeURIComponent(text)}`)).result ?? [];
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  const headers = { authorization: `Bearer ${place.admin.bearer}`, traceparent: `00-${trace}-00f067aa0ba902b7-01` };
  const call = async () => void (await (await fetch(`${place.admin.url}/v1/platform/projects`, { headers })).arrayBuffer());
  return await checksOf([
    [
      'every process with a REST door is scraped',
      async () => await until('all are up', async () => (await query('up == 1')).length === rest.length),
    ],
    [
      'an operation has a rate and a latency in Prometheus',
      async () => {
        const counted = 'sum by (operation) (increase(gamut_operation_seconds_count{operation="ListProjects",outcome="ok"}[1m])) > 0';
        await until('its rate is seen', async () => (await call(), (await query(counted)).length === 1));
        const slowest = 'histogram_quantile(0.99, sum by (le) (gamut_operation_seconds_bucket{operation="ListProjects"}))';
        const [found] = await query(slowest);
        if (!(Number(found?.value?.[1]) > 0)) throw new Error(`the latency is ${JSON.stringify(found)}`);
      },
    ],
    [
      'its exemplar leads to the trace',
      async () => {
        const from = Math.floor(Date.now() / 1000) - 600;
        const path = `query_exemplars?query=gamut_operation_seconds_bucket{operation="ListProjects"}&start=${from}&end=${from + 1200}`;
        const isThere = async () => {
          await call();
          return JSON.stringify(await ask(path)).includes(trace);
        };
        await until('Prometheus has the exemplar', isThere);
      },
    ],
  ]);
}

type Answer = { readonly result?: readonly { readonly value?: readonly [number, string] }[] };
