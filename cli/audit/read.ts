import { setTimeout as sleep } from 'node:timers/promises';
import { fault } from '#kernel/contract/fault.ts';
import { platform } from '#kernel/control/service.ts';
import { dataPath } from '#kernel/volume/path.ts';
import { type Client, createClient } from '../../sdk/index.ts';
import type { Global } from '../global.ts';
import { tenantId } from '../verb/place.ts';
import { findTarget } from '../verb/target.ts';
import { followMs, pageRecords } from './limits.ts';
import { countOf, readOptions } from './option.ts';
import { saying } from './verify.ts';

type There = { readonly environment?: string };
type Asked = { readonly client: Client<typeof platform>; readonly there: There };

async function reach(global: Global, tenant: string | undefined): Promise<Asked> {
  const target = await findTarget(global);
  if (!target) throw fault('Unavailable', `Nothing runs on ${dataPath(global.data)}; \`gamut up\` starts it.`);
  const client = createClient(platform, target.reach('platform'));
  const there = tenant === undefined ? {} : { environment: await tenantId(client, tenant) };
  return { client, there };
}

type Page = Awaited<ReturnType<Client<typeof platform>['ListAudit']>>['items'];

function line({ sequence, at, service, operation, kind, name, principal, outcome, count }: Page[number]): string {
  const times = count > 1 ? ` x${count}` : '';
  return `${sequence}  ${new Date(at).toISOString()}  ${outcome.padEnd(10)} ${service}.${operation}${times}  ${kind} ${name}  ${principal}`;
}

/** `gamut audit tail`: the newest records, oldest first. */
export async function tail(argv: string[], global: Global): Promise<number> {
  const { values, flags } = readOptions(argv, 0, ['limit', 'tenant'], ['follow']);
  const { client, there } = await reach(global, values.tenant);
  let last = -1;
  for (let limit = countOf(values.limit, '--limit') ?? 20; ; limit = pageRecords) {
    const { items } = await client.ListAudit({ limit: Math.min(limit, pageRecords) }, there);
    for (const item of items.reverse()) {
      if (item.sequence <= last) continue;
      last = item.sequence;
      console.log(global.output === 'json' ? JSON.stringify(item) : line(item));
    }
    if (!flags.has('follow')) return 0;
    await sleep(followMs);
  }
}

/** `gamut audit export`: OCSF events, one JSON object on a line, from the first record or the one after `--after`. */
export async function exportEvents(argv: string[], global: Global): Promise<number> {
  const { values } = readOptions(argv, 0, ['after', 'tenant']);
  const { client, there } = await reach(global, values.tenant);
  for (let after: number | undefined = countOf(values.after, '--after') ?? 0; after !== undefined; ) {
    const { items, next }: { items: { sequence: number; event: unknown }[]; next?: number } = await client.ExportAudit(
      { after, limit: pageRecords },
      there,
    );
    for (const { event } of items) if (event !== null) process.stdout.write(`${JSON.stringify(event)}\n`);
    after = next;
  }
  return 0;
}

/** `gamut audit prove RECORD`: a proof as JSON, to keep and to verify by `gamut audit verify --proof`. */
export async function proveRecord(argv: string[], global: Global): Promise<number> {
  const { words, values } = readOptions(argv, 1, ['from', 'log', 'tenant']);
  const { client, there } = await reach(global, values.tenant);
  const sequence = countOf(words[0], 'The record');
  const from = countOf(values.from, '--from');
  if (sequence === undefined && from === undefined) throw fault('Usage', 'Name a record, an earlier size by --from, or both.');
  const input = { ...(sequence === undefined ? {} : { sequence }), ...(from === undefined ? {} : { from }) };
  const log = values.log ?? (await client.GetAuditLog({}, there)).log;
  const proof = await client.ProveAudit(log, input, there);
  process.stderr.write(`${saying(proof)}\n`);
  console.log(JSON.stringify(proof));
  return 0;
}
