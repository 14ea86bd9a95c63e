import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { fault } from '#kernel/contract/fault.ts';
import { platform } from '#kernel/control/service.ts';
import { openTunnel, type TunnelOptions } from '#seams/ledger/tunnel.ts';
import { createClient } from '../sdk/index.ts';
import type { Global } from './global.ts';
import { usage } from './verb/parse.ts';
import { findTarget, type Target } from './verb/target.ts';

type Options = { credential?: string; certificate?: string; ca?: string; port?: string };

/** `gamut connect ledger`: a port on loopback that leads to the ledger's TLS door, until it is interrupted. */
export async function run(argv: string[], global: Global): Promise<number> {
  const { at, options } = readOptions(argv);
  const target = await findTarget(global);
  const tunnel = await openTunnel({
    ...placeOf(at ?? target?.door('ledger.tunnel')?.replace('tigerbeetles://', '')),
    certificate: await certificateOf(options, target),
    ca: authorityOf(options, target),
    localPort: portOf(options.port),
    onProblem: (reason) => console.error(`gamut: the ledger at the other end cannot be reached: ${reason}`),
  });
  const address = `127.0.0.1:${tunnel.port}`;
  console.log(global.output === 'json' ? JSON.stringify({ address }) : `The ledger is at ${address} until this ends.`);
  await interrupted();
  await tunnel.close();
  return 0;
}

function readOptions(argv: string[]): { at: string | undefined; options: Options } {
  const text = { type: 'string' } as const;
  try {
    const { values, positionals } = parseArgs({
      args: argv,
      options: { credential: text, certificate: text, ca: text, port: text },
      allowPositionals: true,
    });
    const [service, at, more] = positionals;
    if (service !== 'ledger' || more !== undefined) throw usage('gamut connect takes the service, ledger, and the address of its door.');
    return { at, options: values };
  } catch (cause) {
    throw usage((cause as Error).message);
  }
}

function placeOf(at: string | undefined): Pick<TunnelOptions, 'host' | 'port'> {
  if (at === undefined) throw fault('Usage', 'No ledger runs on this machine; say HOST:PORT of its door ledger.tunnel.');
  const [, host = '', port = ''] = /^\[?([^\]]+?)\]?:([0-9]{1,5})$/.exec(at) ?? [];
  if (host === '' || Number(port) < 1 || Number(port) > 65_535) throw usage(`${JSON.stringify(at)} is not HOST:PORT.`);
  return { host, port: Number(port) };
}

function portOf(text = '0'): number {
  if (!/^[0-9]{1,5}$/.test(text) || Number(text) > 65_535) throw usage(`${JSON.stringify(text)} is not a port.`);
  return Number(text);
}

/** A certificate from a file, or one issued now, whose key never lies on disk. */
async function certificateOf({ credential, certificate }: Options, target: Target | undefined): Promise<TunnelOptions['certificate']> {
  if (certificate !== undefined) {
    const pem = readPem(certificate);
    return { cert: pem, key: pem };
  }
  if (credential === undefined) throw usage('Say --credential ID or --certificate FILE; the ledger lets nobody in without.');
  if (!target) throw fault('Usage', 'No platform runs on this machine to issue a certificate; set GAMUT_URL and GAMUT_TOKEN.');
  const issued = await createClient(platform, target.reach(platform.name)).IssueCertificate(credential, {});
  return { cert: issued.certificatePem, key: issued.keyPem };
}

function authorityOf({ ca }: Options, target: Target | undefined): string {
  const file = ca ?? target?.ca;
  if (file === undefined) throw usage('Say --ca FILE: the authority that the door is known by.');
  return readPem(file);
}

function readPem(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw usage(`${file} cannot be read: ${(cause as Error).message}`);
  }
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
