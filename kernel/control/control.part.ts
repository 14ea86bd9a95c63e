import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { openSql } from '#seams/sql/sql.ts';
import { recordType } from '../audit/record.ts';
import { fault } from '../contract/fault.ts';
import type { Log } from '../contract/implement.ts';
import type { Gate } from '../contract/session.ts';
import type { Handlers } from '../contract/call.ts';
import { registerFaults } from '../contract/fault.ts';
import { restHandler } from '../derive/rest.ts';
import { connectKeeper } from '../keys/client.ts';
import { type HttpDoor, type HttpOptions, httpServer } from '../listen/http.ts';
import { createLog } from '../observe/log.ts';
import { runningPlatform } from '../supervise/client.ts';
import { installation } from '../supervise/module.ts';
import type { Link, Part, Running } from '../supervise/protocol.ts';
import { readStatus } from '../supervise/status.ts';
import { openSnapshotWriter, type SnapshotWriter } from '../snapshot/writer.ts';
import { sqlRepeats } from '../resource/repeats.ts';
import { createGate } from '../session/gate.ts';
import { openProcess, type Process } from '../session/process.ts';
import { openIds, parseId } from '../tenancy/id.ts';
import { openAuthority } from './certificate.ts';
import type { Context } from './context.ts';
import { type Deployed, deployPlatform } from './deploy.ts';
import { askDirectory } from './directory.ts';
import { entriesOver } from './entry.ts';
import { keepBudgets } from './budget.ts';
import { keepRetention } from '../privacy/retention.ts';
import { forgetOrigins } from './person.ts';
import { budgetSweepMs, destroySweepMs } from './limits.ts';
import { openGeo } from './identity/geo.ts';
import { Login } from './identity/login.ts';
import { recordSignIn } from './identity/sign-in-record.ts';
import { ensureDev, ensureFirst } from './first.ts';
import { frontHandler } from './front.ts';
import { auditHandlers } from './handler/audit.ts';
import { credentialHandlers } from './handler/credential.ts';
import { keepDestroying, keyHandlers } from './handler/key.ts';
import { ledgerAccess } from './ledger-access.ts';
import { memberHandlers } from './handler/member.ts';
import { organizationHandlers } from './handler/organization.ts';
import { budgetHandlers } from './handler/budget.ts';
import { usageHandlers } from './handler/usage.ts';
import { recordHandlers } from './handler/record.ts';
import { ingestRecords } from './ingest.ts';
import { serviceAccountHandlers } from './handler/service-account.ts';
import { sessionHandlers } from './handler/session.ts';
import { customRoleHandlers } from './handler/custom-role.ts';
import { guardRailHandlers } from './handler/guard-rail.ts';
import { privacyHandlers } from './handler/privacy.ts';
import { purgeDeleted } from './purge.ts';
import { policyHandlers } from './handler/policy.ts';
import { verifierHandlers } from './handler/verifier.ts';
import { webhookHandlers } from './handler/webhook.ts';
import { serveInternal } from './internal.ts';
import { openMail } from './mail.ts';
import { startPublisher } from './publish.ts';
import { startReseal } from './reseal.ts';
import { registeredContracts, registerService, storeContract } from './register.ts';
import { platform } from './service.ts';
import { openWitness } from './witness.ts';
import { tileDoor } from './tile-door.ts';
import { sessionRoutes } from './session-route.ts';
import { openSts } from './sts/door.ts';
import { sweepTemporary, temporaryHandlers } from './handler/temporary.ts';
import { keepSigningKeys } from './signing.ts';

type Opened = {
  readonly link: Link;
  readonly process: Process<typeof platform>;
  readonly snapshot: SnapshotWriter;
  readonly deployed: Deployed;
  readonly context: Context;
  readonly stops: (() => Promise<void> | void)[];
};

/** The directory, the snapshot's only writer, the platform's own service, its API and console. */
export const part: Part = {
  name: 'control',
  async start(link: Link): Promise<Running> {
    const opened = await open(link);
    const { process, context, snapshot } = opened;
    const authority = await openAuthority(link.order.data, process.keeper, link.order.deployment, link.order.settings.host);
    Object.assign(context, { authority: authority.authority });
    const gate = createGate(process.runtime);
    const internal = await serveInternal(
      link,
      {
        directory: (asking, question) => askDirectory(context, gate, asking, question),
        register: (registration) =>
          registerService({ context, deployed: opened.deployed, certificate: () => authority.issue() }, registration),
        ledger: (service, at) => ledgerAccess(context, service, { tenant: parseId(at.tenant), scope: parseId(at.scope) }),
        wake: () => context.publisher.wake(),
      },
      process.log,
    );
    await storeContract(context, platform);
    const admin = await ensureFirst(context);
    gate.check();
    const mailbox = context.mail as Context['mail'] & { read?: () => Promise<unknown[]> };
    const login = new Login(context, await openGeo(link.order.settings.geo));
    const session = sessionRoutes(context, login, {
      isLocalOutbox: mailbox.read !== undefined,
      outbox: async () => (await mailbox.read?.()) ?? [],
    });
    const front = frontHandler({
      rest: restHandler(platform, gate as never, { log: process.log }),
      tile: tileDoor(gate as never),
      witness: await openWitness(context, process.observed.registry, link.order.settings.witness),
      session,
      contracts: () => registeredContracts(context),
      doors: context.doors,
      region: link.order.settings.region,
      consoleDirectory: consoleDirectory(),
      served: process.served,
      log: process.log,
    });
    const { settings, ports } = link.order;
    const name = 'platform.rest';
    const door = await httpServer(
      {
        name,
        host: settings.host,
        port: ports?.[name] ?? (settings.ports === 'auto' ? 0 : platform.doors.rest.port),
        fallback: 'any',
        plain: 'loopback',
        certificate: await authority.issue(),
        log: process.log,
      },
      front,
    );
    const sts = await openStsBeside(link, gate, await authority.issue(), process.log);
    consoleAddress.set(context, `http://console.localhost:${door.port}`);
    opened.stops.unshift(keepDestroying(context, destroySweepMs), keepBudgets(context, budgetSweepMs), keepOrigins(opened));
    opened.stops.unshift(startReseal(context));
    const stopSigning = keepSigningKeys(context);
    const stopSweeping = sweepTemporary(context);
    return {
      doors: {
        [name]: addressOf(door, platform.doors.rest.text),
        ...(sts ? { [stsName]: addressOf(sts, platform.doors.sts.text) } : {}),
      },
      facts: { console: context.consoleUrl(), ca: authority.file, 'admin.url': door.url, 'admin.bearer': admin.bearer },
      async drain() {
        process.observed.health.drain();
        const closing = Promise.all([door.close(), sts?.close()]);
        gate.end('drain');
        await closing;
        stopSigning();
        stopSweeping();
        gate.stop();
        await internal.close();
        for (const stop of opened.stops) await stop();
        await process.close();
        await snapshot.close();
      },
    };
  },
};

/** Where persons came from is forgotten in time. They and their sessions belong to the platform, not to an organization. */
const keepOrigins = ({ link, process, context }: Opened) =>
  keepRetention({
    contract: platform,
    places: () => [{ tenant: 0n, scope: 0n }],
    expire: (_at, due) => forgetOrigins(context, due),
    record: (record) => process.runtime.recordAudit(record, true),
    log: process.log,
    now: context.now,
    ...(link.order.settings.retentionDayMs === undefined ? {} : { dayMs: link.order.settings.retentionDayMs }),
  });

const addressOf = (door: HttpDoor, text: string) => ({ url: door.url, text, ...(door.note ? { note: door.note } : {}) });

/** Where S3's clients look for it: only where storage runs. */
const stsName = 'storage.sts';

async function openStsBeside(
  { order }: Link,
  gate: Gate<typeof platform>,
  certificate: HttpOptions['certificate'],
  log: Log,
): Promise<HttpDoor | undefined> {
  const { settings, ports } = order;
  if (!settings.services.includes('storage')) return undefined;
  const port = ports?.[stsName] ?? (settings.ports === 'auto' ? 0 : platform.doors.sts.port);
  return openSts({ name: stsName, host: settings.host, port, fallback: 'any', plain: 'loopback', certificate, log }, gate);
}

const consoleAddress = new WeakMap<object, string>();

function consoleDirectory(): string | undefined {
  const built = join(installation, 'console', 'dist');
  return existsSync(join(built, 'index.html')) ? built : undefined;
}

/** Brings the database up, opens the snapshot for writing, starts publishing and makes the handlers. */
async function open(link: Link): Promise<Opened> {
  const { order } = link;
  const adminUrl = order.secrets['sql.admin'];
  if (adminUrl === undefined) throw fault('Unavailable', 'No SQL address was given.');
  registerFaults(platform.errors);
  const deployed = await deployPlatform(adminUrl, order.deployment, order.data);
  const sql = openSql(deployed.platform, { max: 4, applicationName: 'gamut control' });
  const system = openSql(deployed.system, { max: 4, applicationName: 'gamut control system' });
  const snapshot = openSnapshotWriter(order.data);
  const keeper = connectKeeper(join(order.run, 'keeper.sock'), order.token);
  const publicKey = await keeper.publicKey();
  const { region } = order.settings;
  const log = createLog({ process: order.process, level: 'info' });
  const publisher = startPublisher(system, snapshot, entriesOver({ sql: system, keeper, region, now: Date.now }), log);
  const context: Context = {
    data: order.data,
    deployment: order.deployment,
    sql,
    system,
    keeper,
    publisher,
    snapshot,
    ids: openIds({ region: 0, process: order.number }),
    region,
    log,
    now: Date.now,
    mail: undefined as never,
    authority: undefined as never,
    ingest: async (batch) => {
      await Promise.all(ingestRecords(batch).map((bytes) => process.journal.append(recordType.ingest, bytes)));
    },
    recordSignIn: (...said) => recordSignIn(system, process.runtime as never, ...said),
    contracts: async () => Object.values(await registeredContracts(context)),
    doors: async () => (await runningPlatform(order.data).catch(() => undefined))?.doors ?? {},
    purge: async (tables) => {
      if (tables) return purgeDeleted(deployed.admin, [platform.name], log, tables);
      const knowing = (await context.contracts()).filter(({ operations, needs }) => 'EraseDataSubject' in operations && 'sql' in needs);
      return purgeDeleted(
        deployed.admin,
        knowing.flatMap(({ name }) => [name, `${name}_kernel`]),
        log,
      );
    },
    emit: async (event) => {
      await process.journal.append(recordType.event, Buffer.from(JSON.stringify(event)));
    },
    consoleUrl: () => consoleAddress.get(context) ?? '',
    health: async () => ({
      processes: [...readStatus(order.data)].map(({ name, state, pid, restarts, since }) => ({ name, state, pid, restarts, since })),
      diskFreeBytes: process.freeBytes(),
      diskReserveBytes: process.reserveBytes,
    }),
  };
  Object.assign(context, { mail: await openMail(order.settings.mail, context) });
  await snapshot.setPlatform({ region, publicKey });
  const dev = order.settings.open ? await ensureDev(context) : {};
  await snapshot.setPlatform({ region, publicKey, ...dev });
  const process = await openProcess(link, platform, snapshot);
  process.runtime.implementation = {
    handlers: handlersOf(context, order.settings.outbound ?? []),
    providers: {},
    repeats: sqlRepeats(sql, platform.name, async () => undefined),
  };
  const stops = [() => publisher.stop(), () => sql.close(), () => system.close(), () => deployed.admin.close(), () => keeper.close()];
  return { link, process, snapshot, deployed, context, stops };
}

function handlersOf(context: Context, allow: readonly string[]): Handlers<typeof platform> {
  return {
    ...organizationHandlers(context),
    ...memberHandlers(context),
    ...credentialHandlers(context),
    ...verifierHandlers(context),
    ...recordHandlers(context),
    ...usageHandlers(context),
    ...budgetHandlers(context),
    ...sessionHandlers(context),
    ...serviceAccountHandlers(context),
    ...temporaryHandlers(context),
    ...webhookHandlers(context, allow),
    ...auditHandlers(context),
    ...keyHandlers(context),
    ...policyHandlers(context),
    ...privacyHandlers(context),
    ...guardRailHandlers(context),
    ...customRoleHandlers(context),
  };
}
