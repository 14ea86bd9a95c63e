import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { installation } from '#kernel/supervise/module.ts';
import type { Check, Client } from '../client.ts';
import { openPlace, type Place } from '../place.ts';
import { pythonChecks, pythonPackage } from '../python.ts';

/** The library of Standard Webhooks for Python, which receivers verify deliveries with. */
export const client: Client = {
  name: 'standardwebhooks',
  setup: () => pythonPackage('standardwebhooks'),
  run: async (place) => ({ checks: await checks(place.folder) }),
};

type Delivered = { readonly headers: object; readonly body: string };

/** A platform of its own, whose operator lists the receiver on this machine. */
async function checks(folder: string): Promise<Check[]> {
  const { promise: delivered, resolve } = Promise.withResolvers<Delivered>();
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(204).end();
      resolve({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    });
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const address = `127.0.0.1:${(receiver.address() as AddressInfo).port}`;
  const own = join(folder, 'own');
  mkdirSync(own, { mode: 0o711 });
  const place = await openPlace(own, { up: ['--outbound', address] });
  try {
    const hook = await post(place, '', { url: `http://${address}/hook`, types: ['platform.WebhookPinged'] });
    const other = await post(place, '', { url: `http://${address}/other`, types: ['nothing.*'] });
    const renewed = await post(place, `/${hook.id}/rotate-webhook`, {});
    await post(place, `/${hook.id}/ping-webhook`, {});
    const input = { ...(await delivered), secrets: [hook.secret, renewed.secret], stranger: other.secret };
    return await pythonChecks(join(installation, 'conform', 'standardwebhooks', 'verify.py'), [], input);
  } finally {
    await place.down();
    receiver.close();
    receiver.closeAllConnections();
  }
}

async function post({ admin }: Place, path: string, json: object): Promise<{ id: string; secret: string }> {
  const headers = { authorization: `Bearer ${admin.bearer}`, 'content-type': 'application/json' };
  const reply = await fetch(`${admin.url}/v1/platform/webhooks${path}`, { method: 'POST', headers, body: JSON.stringify(json) });
  const body = (await reply.json()) as { id: string; secret: string };
  if (!reply.ok) throw new Error(`webhooks${path} answers ${reply.status}: ${JSON.stringify(body)}`);
  return body;
}
