import { resolve } from 'node:path';
import { existsSync } from 'node:fs';
import { isIP } from 'node:net';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { readPolicyFile } from '#kernel/audit/policy-file.ts';
import { fault, OperationError } from '#kernel/contract/fault.ts';
import { runningPlatform, startedPlatform } from '#kernel/supervise/client.ts';
import { startDetached } from '#kernel/supervise/detach.ts';
import { detachMs } from '#kernel/supervise/limits.ts';
import { modulePath } from '#kernel/supervise/module.ts';
import { failureTail, startPlatform } from '#kernel/supervise/platform.ts';
import type { Settings } from '#kernel/supervise/protocol.ts';
import { availableServices, checkStandby, impliedServices, readWorkers } from '#kernel/supervise/service.ts';
import type { PlatformStatus } from '#kernel/supervise/status.ts';
import { dataPath } from '#kernel/volume/path.ts';
import { readAddress as readBlobsAddress } from '#seams/blobs/address.ts';
import { readAddress as readLogAddress } from '#seams/log/address.ts';
import type { Global } from './global.ts';
import { printReady } from './ready.ts';
import { parseSize } from './size.ts';

type Mode = { readonly detach: boolean; readonly inProcess: boolean };

/** `gamut up`: starts the platform, in the foreground until it is interrupted, or detached. */
export async function run(argv: string[], global: Global): Promise<number> {
  const { mode, settings } = await readOptions(argv);
  const data = dataPath(global.data);
  const running = await alreadyRunning(data);
  if (running) return sayRunning(running, global);
  await builtConsole();
  try {
    return await (mode.detach ? upDetached(data, settings, global) : upHere(data, settings, mode, global));
  } catch (error) {
    // Somebody else may have started the platform a moment earlier.
    const other = error instanceof OperationError && error.code === 'DataDirectory' ? await startedPlatform(data, detachMs) : undefined;
    if (!other) throw error;
    return sayRunning(other, global);
  }
}

/** The repository builds its console when its sources changed; the package has it inside. A failure costs the console only. */
async function builtConsole(): Promise<void> {
  const builder = modulePath('console/build');
  if (!existsSync(builder)) return;
  try {
    const { buildConsole } = (await import(pathToFileURL(builder).href)) as { buildConsole(): Promise<string> };
    await buildConsole();
  } catch (error) {
    console.error(`The console could not be built: ${(error as Error).message}`);
  }
}

async function upDetached(data: string, settings: Partial<Settings>, global: Global): Promise<number> {
  const status = await startDetached({ data, settings }, printTail);
  if (settings.open) sayOpen();
  printReady(status, global);
  return 0;
}

async function upHere(data: string, settings: Partial<Settings>, { inProcess }: Mode, global: Global): Promise<number> {
  const interrupt = new AbortController();
  const stop = (): void => {
    // Asked twice, we end at once; the children see the pipe close and end as well.
    if (interrupt.signal.aborted) process.exit(130);
    interrupt.abort();
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  process.umask(0o077);
  try {
    const options = {
      data,
      settings,
      mode: inProcess ? 'in-process' : 'processes',
      onNotable: (line: string) => console.error(line),
    } as const;
    const platform = await startPlatform(options, interrupt.signal);
    interrupt.signal.addEventListener('abort', () => void platform.stop());
    if (settings.open) sayOpen();
    printReady(platform, global);
    if (global.output === 'text') console.log('\nCtrl-C ends the platform.');
    await platform.ended;
    return 0;
  } catch (error) {
    if (interrupt.signal.aborted) return 130;
    printTail(failureTail(error));
    throw error;
  }
}

/** The platform that runs on the directory already; one that is just being ended is waited for. */
async function alreadyRunning(data: string): Promise<PlatformStatus | undefined> {
  const running = await runningPlatform(data);
  if (running?.phase === 'draining')
    throw fault('DataDirectory', `${data} is in use by a platform that is being shut down; repeat in a moment.`);
  return running?.phase === 'starting' ? startedPlatform(data, detachMs) : running;
}

function sayRunning(running: PlatformStatus, global: Global): number {
  if (running.phase !== 'ready') throw fault('StartFailed', 'The platform that another command was starting did not become ready.');
  console.error(`The platform runs already on ${running.data}, under process ${running.pid}.`);
  printReady(running, global);
  return 0;
}

function sayOpen(): void {
  console.error('OPEN: callers without credentials act as the dev tenant. Do not use this where others can reach this machine.');
}

function printTail(lines: readonly string[]): void {
  for (const line of lines) console.error(`  | ${line}`);
}

async function readOptions(argv: string[]): Promise<{ mode: Mode; settings: Partial<Settings> }> {
  const values = parse(argv);
  const ports = values.ports ?? 'usual';
  if (ports !== 'usual' && ports !== 'auto') throw fault('Usage', `--ports is usual or auto, not ${ports}.`);
  const host = values.host ?? '127.0.0.1';
  if (values.open && !isLoopback(host)) throw fault('Usage', `--open is for loopback only, and ${host} is not.`);
  if (values.region !== undefined && !/^[a-z0-9-]{1,32}$/.test(values.region))
    throw fault('Usage', 'A region is named by lower-case letters, digits and hyphens.');
  const mode = { detach: values.detach ?? false, inProcess: values['in-process'] ?? false };
  if (mode.detach && mode.inProcess) throw fault('Usage', '--detach and --in-process exclude each other.');
  const only = values.only
    ?.split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const services = only ? await impliedServices(only) : availableServices();
  const standby = values.standby?.split(',') ?? [];
  checkStandby(standby, services);
  const workers = values.workers === undefined ? undefined : readWorkers(values.workers, services);
  if (workers && mode.inProcess) throw fault('Usage', '--workers are processes, which --in-process excludes.');
  const settings: Partial<Settings> = {
    ports,
    host,
    open: values.open ?? false,
    services,
    ...(standby.length > 0 && { standby }),
    ...(workers && { workers }),
    ...(values.region !== undefined && { region: values.region }),
    ...(values.domains !== undefined && { domains: domainsOf(values.domains) }),
    ...(values.sql !== undefined && { sql: values.sql }),
    ...(values.mail !== undefined && { mail: values.mail }),
    ...(values.log !== undefined && { log: checkedAddress(values.log, readLogAddress) }),
    ...(values.blobs !== undefined && { blobs: checkedAddress(values.blobs, readBlobsAddress) }),
    ...(values.outbound !== undefined && { outbound: values.outbound.split(',') }),
    ...(values.witness !== undefined && { witness: witnessPolicy(values.witness) }),
    ...(values.geo !== undefined && { geo: resolve(values.geo) }),
    ...(values.otlp !== undefined && { otlp: otlpAddress(values.otlp) }),
    ...(values.reserve !== undefined && { reserveBytes: parseSize(values.reserve) }),
  };
  return { mode, settings };
}

function parse(argv: string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: argv,
      options: {
        only: text,
        ports: text,
        detach: flag,
        open: flag,
        host: text,
        region: text,
        domains: text,
        sql: text,
        mail: text,
        log: text,
        blobs: text,
        geo: text,
        outbound: text,
        witness: text,
        otlp: text,
        standby: text,
        workers: text,
        reserve: text,
        'in-process': flag,
      },
    }).values;
  } catch (cause) {
    throw fault('Usage', { detail: (cause as Error).message, cause });
  }
}

/** Base names of hosts, in lower case. */
function domainsOf(list: string): string[] {
  const names = list.split(',').map((name) => name.trim().toLowerCase());
  const wrong = names.find((name) => name.length > 200 || !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/.test(name));
  if (wrong !== undefined) throw fault('Usage', `--domains are names of hosts, and ${wrong || 'an empty one'} is none.`);
  return names;
}

/** A policy that is wrong is told before anything starts. */
function witnessPolicy(file: string): string {
  try {
    readPolicyFile(file);
  } catch (error) {
    throw error instanceof OperationError ? error : fault('Usage', { detail: `${file} cannot be read.`, cause: error });
  }
  return resolve(file);
}

function checkedAddress(text: string, read: (text: string) => unknown): string {
  try {
    read(text);
  } catch (error) {
    throw fault('Usage', { detail: (error as Error).message, cause: error });
  }
  return text;
}

function otlpAddress(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol))
    throw fault('Usage', 'An OTLP address begins with http:// or https://.');
  return text;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}
