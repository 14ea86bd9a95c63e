import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { mkdirSync } from 'node:fs';
import { openSql, type Sql } from '#seams/sql/sql.ts';
import type { Caller } from '../contract/caller.ts';
import type { AnyService } from '../contract/contract.ts';
import { assertContract } from '../contract/check.ts';
import type { EffectSource, Implementation, Kernel, Main, OpenDoor } from '../contract/implement.ts';
import { restHandler } from '../derive/rest.ts';
import { sealerOf } from '../keys/sealer.ts';
import { httpServer } from '../listen/http.ts';
import { passOnOr } from './elsewhere.ts';
import { openSnapshot, type Snapshot } from '../snapshot/reader.ts';
import type { Link, Part, Running } from '../supervise/protocol.ts';
import { type Directory, openDirectory } from './directory.ts';
import { standbyOf, workerPlace } from '../supervise/service.ts';
import { emitEffects } from './effects.ts';
import { observeGauges } from './gauge.ts';
import { createGate, type OpenGate } from './gate.ts';
import { openProcess, type Process } from './process.ts';
import { callControl, type Registered, register, type Registration } from './registration.ts';
import { heldBy, openWorkerSocket, workerOfKernel } from './worker.ts';
import { sqlConnectionsMax, standbyPortStep } from './limits.ts';
import { type KeptData, keptData } from '../resource/kept.ts';
import { keepRetention } from '../privacy/retention.ts';
import { joinedSubjects, type SubjectHandlers } from '../privacy/subject.ts';
import { type Resources, resourceProviders } from '../resource/provider.ts';
import { formatId, openIds, parseId } from '../tenancy/id.ts';

/** The needs that the kernel opens for a service today. */
export type Needs = {
  readonly sql?: Sql;
  readonly resources?: Resources;
  readonly ledgers?: import('./ledger-need.ts').Ledgers;
  /** Of services whose contract has the need `directory`. */
  readonly directory?: Directory;
  readonly logs?: import('./log-need.ts').Logs;
  readonly blobs?: import('./blobs-need.ts').BlobStore;
};

type Started<S extends AnyService> = {
  readonly link: Link;
  readonly registered: Registered;
  readonly gate: OpenGate<S>;
  readonly implementation: Implementation<S>;
  readonly served: Process<S>['served'];
};

/** Makes a process of a service: registers its contract, opens what it needs, starts it, opens its doors and its REST surface. */
export function servicePart<S extends AnyService>(main: Main<S, Needs>, options: PartOptions = {}): Part {
  return { name: main.contract.name, start: (link) => startService(main, link, options) };
}

/** `migrations` is the folder of the service's SQL; `platformTables` are those of its tables that hold nothing of any tenant. */
type PartOptions = { readonly migrations?: URL; readonly platformTables?: readonly string[] };

const registrationOf = (contract: AnyService, { migrations, platformTables }: PartOptions): Registration => ({
  contract,
  ...(migrations ? { migrations: migrations.href } : {}),
  ...(platformTables ? { platformTables } : {}),
});

async function startService<S extends AnyService>(main: Main<S, Needs>, link: Link, options: PartOptions): Promise<Running> {
  const { contract } = main;
  const { order } = link;
  assertContract(contract);
  const snapshot = openSnapshot(order.data);
  const owned = await openProcess(link, contract, snapshot);
  const registered = await register(order, registrationOf(contract, options), owned.log);
  const sql =
    registered.sql === undefined
      ? undefined
      : openSql(registered.sql, { max: sqlConnectionsMax, applicationName: `gamut ${order.process}` });
  const worker = workerPlace(contract.name, order.process, order.settings);
  const directory = makeDirectory(order, worker ? contract.name : order.process);
  const resources = sql && resourcesOf(sql, contract.name, link, snapshot);
  const serviceToken = (caller: Caller) => owned.keeper.serviceToken(caller);
  const seams = await openSeams(contract, { order, serviceToken, ca: registered.certificate.ca });
  const kernel: Kernel<Needs> = {
    directory,
    process: order.process,
    ...(hasStandby(order, contract.name) ? { pair: [contract.name, standbyOf(contract.name)] as const } : {}),
    ...workerOfKernel(order, worker),
    region: order.settings.region,
    domains: order.settings.domains ?? [],
    run: order.run,
    allow: order.settings.outbound ?? [],
    emit: emitter(owned.runtime),
    scopes: () => snapshot.list('scope').map(({ tenant, id }) => ({ tenant: parseId(tenant), scope: parseId(id) })),
    kindOf: (scope) => snapshot.get('scope', formatId(scope))?.kind,
    needs: {
      ...{ ...(sql ? { sql } : {}), ...(resources ? { resources } : {}), ...seams },
      ...(hasDirectory(contract) ? { directory: openDirectory(order, owned.keeper) } : {}),
    },
    sealer: sealerOf(owned.keeper, contract.name, Date.now, (tenant, key) => snapshot.get('key', tenant, key)),
    log: owned.log,
    serviceToken,
    signal: link.signal,
    now: Date.now,
    mayWrite: owned.runtime.mayWrite,
  };
  const implementation = await startedAs(main, kernel, owned);
  const kept = sql && resources && keptData(contract, sql, resources);
  owned.runtime.implementation = {
    handlers:
      kept && 'EraseDataSubject' in implementation.handlers ? withKept(contract, implementation.handlers, kept) : implementation.handlers,
    providers: implementation.providers as never,
    ...(implementation.authorize ? { authorize: implementation.authorize } : {}),
    ...(implementation.placeOf ? { placeOf: implementation.placeOf } : {}),
    ...((implementation.repeats ?? resources?.repeats) ? { repeats: implementation.repeats ?? resources?.repeats } : {}),
  };
  const gate = createGate(owned.runtime);
  const stopExpiring = keepExpiring(owned, kernel, order.settings.retentionDayMs, kept, implementation);
  const effects = [implementation.effects ?? []].flat().map((source: EffectSource) => {
    return emitEffects(source, contract.name, order.process, owned.journal, owned.log);
  });
  const doors = await openDoors({ link, registered, gate, implementation, served: owned.served }, contract, owned.log);
  const workerDoor = worker && (await openWorkerSocket(order, doors, implementation.take));
  implementation.opened?.(Object.fromEntries(Object.entries(doors).map(([name, { url }]) => [name.slice(order.process.length + 1), url])));
  return {
    doors: addressesOf(doors, order.process, contract),
    async drain() {
      owned.observed.health.drain();
      workerDoor?.close();
      const closing = Object.values(doors).map((door) => door.close());
      gate.end('drain');
      await Promise.all(closing);
      await stopExpiring();
      await implementation.stop();
      for (const running of effects) await running.stop();
      gate.stop();
      seams.ledgers?.close();
      await seams.logs?.close();
      seams.blobs?.close();
      await sql?.close();
      await owned.close();
      await snapshot.close();
    },
  };
}

async function startedAs<S extends AnyService>(main: Main<S, Needs>, kernel: Kernel<Needs>, { observed }: Process<S>) {
  const implementation = await main.start(kernel);
  observeGauges(observed.registry, implementation.gauges ?? []);
  return implementation;
}

function makeDirectory({ data }: Link['order'], name: string): string {
  const directory = join(data, 'service', name);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return directory;
}

const hasDirectory = (contract: AnyService) => Object.values(contract.needs).some(({ seam }) => seam === 'directory');
/** The addresses of doors, with the contract's sentences. */
function addressesOf(doors: Record<string, OpenDoor>, process: string, contract: AnyService): Running['doors'] {
  return Object.fromEntries(
    Object.entries(doors).map(([name, { url, note }]) => [
      name,
      { url, ...(note ? { note } : {}), ...textOf(contract, name.slice(process.length + 1)) },
    ]),
  );
}

const hasStandby = ({ settings }: Link['order'], service: string): boolean => settings.standby?.includes(service) ?? false;

function resourcesOf(sql: Sql, service: string, { order }: Link, snapshot: Snapshot): Resources {
  const done = () => undefined;
  const wake = () => callControl(order, '/wake', {}).then(done, done);
  return resourceProviders(sql, service, { ids: openIds({ region: 0, process: order.number }), wake, snapshot });
}

/** Personal fields whose time is over go: the kernel's by their labels alone, others by the service's own hand. */
function keepExpiring<S extends AnyService>(
  { runtime, log }: Process<S>,
  { scopes, now }: Kernel<Needs>,
  dayMs: number | undefined,
  kept: KeptData | undefined,
  implementation: Implementation<S>,
): () => Promise<void> {
  const { contract } = runtime;
  return keepRetention({
    contract,
    places: scopes,
    expire: async (at, due) => (contract.resources[due.kind]?.owner === 'kernel' ? kept : implementation)?.expire?.(at, due) ?? 0,
    record: (record) => runtime.recordAudit(record, true),
    log,
    now,
    ...(dayMs === undefined ? {} : { dayMs }),
  });
}

/** Privacy requests are answered by the kernel for what it keeps, and by the service for the rest. */
function withKept<S extends AnyService>(
  { name }: S,
  handlers: Implementation<S>['handlers'],
  kept: KeptData,
): Implementation<S>['handlers'] {
  return { ...handlers, ...joinedSubjects(name, kept, handlers as unknown as SubjectHandlers) };
}

type Reach = { readonly order: Link['order']; readonly serviceToken: (caller: Caller) => Promise<string>; readonly ca: string };

type Seams = Pick<Needs, 'ledgers' | 'logs' | 'blobs'>;

/** The needs that are other services; what a service does not need is not even loaded. */
async function openSeams({ needs, name: service }: AnyService, { order, serviceToken, ca }: Reach): Promise<Seams> {
  const needed = new Set(Object.values(needs).map(({ seam }) => seam));
  const { data, process: name, settings } = order;
  const reach = { data, name, serviceToken, ca };
  const url = settings.blobs === undefined ? {} : { url: settings.blobs };
  const external = settings.log === undefined ? {} : { external: settings.log };
  const store = { service, hasStorage: settings.services.includes('storage'), ...url };
  return {
    ...(needed.has('ledger') ? { ledgers: (await import('./ledger-need.ts')).openLedgers(order) } : {}),
    ...(needed.has('log') ? { logs: (await import('./log-need.ts')).openLogs({ ...reach, ...external }) } : {}),
    ...(needed.has('blobs') ? { blobs: (await import('./blobs-need.ts')).openBlobs({ ...reach, ...store }) } : {}),
  };
}

/** Events that come from a job and not from a call. */
function emitter<S extends AnyService>({ contract, recordEvent, now }: Process<S>['runtime']): Kernel<Needs>['emit'] {
  return (at, event, subject, data) => {
    if (!Object.hasOwn(contract.events, event)) throw new TypeError(`${contract.name} has no event ${event}`);
    const place = { tenant: formatId(at.tenant), scope: formatId(at.scope) };
    const head = { id: randomUUID(), source: `gamut/${contract.name}`, type: `${contract.name}.${event}` };
    recordEvent({ ...place, ...head, time: new Date(now()).toISOString(), subject, data });
  };
}

const textOf = (contract: AnyService, name: string) => {
  const text = contract.doors[name]?.text;
  return text === undefined ? {} : { text };
};

/** Opens the contract's doors, and the derived REST surface under `<service>.rest` unless the contract has such a door itself. */
async function openDoors<S extends AnyService>(
  started: Started<S>,
  contract: S,
  log: Kernel<unknown>['log'],
): Promise<Record<string, OpenDoor>> {
  const { link, registered, gate, implementation } = started;
  const { order } = link;
  const doors: Record<string, OpenDoor> = {};
  const worker = workerPlace(contract.name, order.process, order.settings);
  const place = (name: string, port: number, joins = false) => ({
    name,
    host: order.settings.host,
    port: order.ports?.[name] ?? (order.settings.ports === 'auto' ? 0 : port),
    fallback: (joins ? 'refuse' : 'any') as 'any' | 'refuse',
    plain: 'loopback' as const,
    certificate: registered.certificate,
  });
  for (const [door, spec] of Object.entries(contract.doors)) {
    const name = `${order.process}.${door}`;
    const open = implementation.doors[door as keyof S['doors']];
    const port = spec.port + (order.process === standbyOf(contract.name) ? standbyPortStep : 0);
    // The first process finds a port, and the others share it.
    const joins = worker !== undefined && worker.index > 0;
    const at = joins ? { ...place(name, 0, true), port: order.ports?.[`${contract.name}.${door}`] ?? port } : place(name, port);
    doors[name] = await open({
      gate,
      at: { ...at, ...(worker ? { shared: true } : {}) },
      open: order.settings.open,
      signal: link.signal,
      log,
    });
  }
  const name = `${order.process}.rest`;
  if (doors[name] === undefined) {
    const rest = restHandler(contract, gate as never, { log });
    const { holderOf } = implementation;
    const held = heldBy(order, worker, holderOf, rest);
    doors[name] = await httpServer({ ...place(name, 0), log }, (request, response, connection) => {
      if (started.served(request, response)) return undefined;
      if (worker && holderOf && !connection.isRelayed) return held(request, response, connection);
      const elsewhere = implementation.elsewhere?.();
      return elsewhere === undefined ? rest(request, response, connection) : passOnOr(elsewhere, request, response);
    });
  }
  return doors;
}
