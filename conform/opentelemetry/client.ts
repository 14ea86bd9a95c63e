import { mkdirSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import { type Check, type Client, check } from '../client.ts';
import { listening } from '../listening.ts';
import { openPlace, type Place } from '../place.ts';
import { pythonChecks, pythonPackage } from '../python.ts';
import { until } from '../tool.ts';

const script = (name: string): string => join(installation, 'conform', 'opentelemetry', name);

/** OpenTelemetry's SDK for Python sends its three signals; its own messages read what the platform sends of itself. */
export const client: Client = {
  name: 'opentelemetry',
  setup: () => pythonPackage('opentelemetry-sdk'),
  async run(place) {
    const { bearer } = await place.credential('--role', 'admin');
    const read = place.doors['telemetry.rest']?.url;
    const input = { bearer, read, otlp: place.doors['telemetry.otlp']?.url };
    return { checks: [...(await pythonChecks(script('send.py'), [], input)), ...(await received(place.folder))] };
  },
};

type Received = { readonly path: string; readonly head: string; readonly body: string };

/** A platform of its own that sends its spans and metrics to a receiver here. */
async function received(folder: string): Promise<Check[]> {
  const requests: Received[] = [];
  const receiver = createServer(async (request, response) => {
    const body = Buffer.concat(await chunksOf(request)).toString('base64');
    requests.push({ path: request.url ?? '', head: `${request.headers['content-type']} ${request.headers.authorization}`, body });
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
  });
  const { address: host, close } = await listening(receiver);
  const own = join(folder, 'own');
  mkdirSync(own, { mode: 0o711 });
  const address = `http://collector:secret@${host}/in/`;
  const place = await openPlace(own, { up: ['--only', 'storage', '--otlp', address] });
  try {
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    await listCredentials(place, trace);
    const came = (text: string) => requests.some(({ body }) => Buffer.from(body, 'base64').includes(text));
    const isThere = async () => came('ListCredentials') && requests.some(({ path }) => path === '/in/v1/metrics');
    const waited = await check('spans and metrics come to the address of the operator', async () => {
      await until('the receiver has both', isThere);
    });
    // Metrics go every few seconds; the last of them hold what was called before.
    const last = requests.length;
    await until(
      'the receiver has later metrics',
      async () => requests.slice(last).filter(({ path }) => path.endsWith('/metrics')).length > 3,
    );
    return [waited, ...(await pythonChecks(script('receive.py'), [], { requests, trace }))];
  } finally {
    await place.down();
    await close();
  }
}

async function listCredentials({ admin }: Place, trace: string): Promise<void> {
  const headers = { authorization: `Bearer ${admin.bearer}`, traceparent: `00-${trace}-00f067aa0ba902b7-01` };
  const { status } = await fetch(`${admin.url}/v1/platform/credentials`, { headers });
  if (status !== 200) throw new Error(`credentials were answered ${status}`);
}

async function chunksOf(request: IncomingMessage): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return chunks;
}
