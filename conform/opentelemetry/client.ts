import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { installation } from '#kernel/supervise/module.ts';
import { type Check, check, type Client } from '../client.ts';
import { command } from '../command.ts';
import { openPlace, type Place } from '../place.ts';
import { pythonPackage, pythonProgram } from '../python.ts';

const script = (name: string) => join(installation, 'conform', 'opentelemetry', name);

/** The OpenTelemetry SDK for Python sends to the platform, and its messages decode what the platform sends. */
export const client: Client = {
  name: 'opentelemetry',
  setup: () => pythonPackage('opentelemetry-sdk'),
  run: async (place) => ({ checks: [...(await sent(place)), ...(await received(place))] }),
};

async function sent(place: Place): Promise<Check[]> {
  const { bearer } = await place.credential();
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: place.doors['telemetry.otlp']?.url ?? '',
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${bearer}`,
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    OTEL_SERVICE_NAME: 'python-shop',
  };
  const trace = (await command([pythonProgram('python'), script('program.py')], { env })).trim();
  const read = async (path: string) => {
    const url = new URL(`/v1/telemetry/${path}`, place.doors['telemetry.rest']?.url);
    const answer = await fetch(url, { headers: { authorization: `Bearer ${bearer}` } });
    const text = await answer.text();
    if (answer.status !== 200) throw new Error(`${path} answers ${answer.status}: ${text}`);
    return JSON.parse(text) as Record<string, Record<string, unknown>[]>;
  };
  return [
    await check('a trace of the Python SDK is read whole, with its parent and its attributes', async () => {
      const { spans = [] } = await read(`traces/${trace}`);
      const [root, child] = spans;
      if (spans.length !== 2 || root?.name !== 'python order' || child?.parent !== root.span) throw new Error(JSON.stringify(spans));
      if ((root.attributes as Record<string, unknown>)['order.id'] !== 17) throw new Error(JSON.stringify(root));
    }),
    await check('a log record of the Python SDK is found by its text, and names its trace', async () => {
      const { items = [] } = await read('logs?text=refused%20in%20PYTHON&severity=17&service=python-shop');
      if (items.length !== 1 || items[0]?.trace !== trace) throw new Error(JSON.stringify(items));
    }),
    await check('a counter and a histogram of the Python SDK are read as what they grew by', async () => {
      const { series = [] } = await read('metrics/python.orders/query-metric?fold=increase&step=3600000');
      const values = (series[0]?.points as { value: number }[]).map(({ value }) => value);
      if (values.reduce((sum, value) => sum + value, 0) !== 4) throw new Error(JSON.stringify(series));
      const waits = await read('metrics/python.wait/query-metric?fold=p95&step=3600000');
      if (waits.series?.length !== 1) throw new Error(JSON.stringify(waits));
    }),
  ];
}

const traceId = 'af92f3577b34da6a3ce929d0e0e4736d';

async function received(place: Place): Promise<Check[]> {
  const receiver = spawn(pythonProgram('python'), [script('receiver.py')], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: receiver.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse(String((await lines.next()).value)) as Record<string, unknown>;
  try {
    const { port } = await next();
    const out = await openPlace(join(place.folder, 'out'), { up: ['--only', 'telemetry', '--otlp', `http://127.0.0.1:${port}`] });
    try {
      return [
        await check("OpenTelemetry's own messages decode the spans and metrics that the platform sends", async () => {
          const headers = { authorization: `Bearer ${out.admin.bearer}`, traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
          const answer = await fetch(new URL('/v1/platform/projects', out.admin.url), { headers });
          if (answer.status !== 200) throw new Error(`the call answers ${answer.status}`);
          await untilFound(next);
        }),
      ];
    } finally {
      await out.down();
    }
  } finally {
    receiver.kill('SIGKILL');
  }
}

/** Reads what comes until a span of the call and the histogram of operations were among it. */
async function untilFound(next: () => Promise<Record<string, unknown>>): Promise<void> {
  let [span, histogram] = [false, false];
  while (!span || !histogram) {
    const {
      type,
      spans = [],
      metrics = {},
    } = (await next()) as { type: string; spans?: Record<string, string>[]; metrics?: Record<string, string> };
    if (type !== 'application/x-protobuf') throw new Error(`it sends ${type}`);
    span ||= spans.some(
      ({ name, trace, parent }) => name === 'platform.ListProjects' && trace === traceId && parent === '00f067aa0ba902b7',
    );
    histogram ||= metrics.gamut_operation_seconds === 'histogram';
  }
}
