import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyService } from '../contract/contract.ts';
import { fault, faultTable } from '../contract/fault.ts';
import type { Log } from '../contract/implement.ts';
import type { StartOrder } from '../supervise/protocol.ts';
import { registerRetryMs, registerWaitMs, registrationBytes } from './limits.ts';
import { request } from '../listen/node-http.ts';

/** What a service tells control when it starts. `migrations` is the folder of its SQL, or absent when it needs none. */
export type Registration = {
  readonly contract: AnyService;
  readonly migrations?: string;
  /** Tables that hold nothing of any tenant. */
  readonly platformTables?: readonly string[];
};

/** What control answers: where the service's tables are, its certificate, and the change after which its policies are live. */
export type Registered = {
  readonly sql?: string;
  readonly certificate: { readonly cert: string; readonly key: string; readonly ca: string };
  readonly applied: number;
};

/** Calls control over its unix socket, as the process whose spawn token the order holds. */
export function callControl(order: StartOrder, path: string, body: unknown): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const text = Buffer.from(JSON.stringify(body));
    const call = request(
      {
        socketPath: join(order.run, 'control.sock'),
        path,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': text.length, 'gamut-process': order.token },
      },
      (response) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
          if (size > registrationBytes) response.destroy();
          chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          const answer = JSON.parse(Buffer.concat(chunks).toString() || '{}') as { code?: string; detail?: string };
          if (response.statusCode === 200) resolve(answer);
          else reject(fault(faultTable().has(answer.code ?? '') ? (answer.code as string) : 'Unavailable', answer.detail));
        });
      },
    );
    call.on('error', (cause) => reject(fault('Unavailable', { detail: 'Control is away.', cause })));
    call.end(text);
  });
}

/**
 * Registers a service with control. When control is away, a service that registered the same contract before starts from
 * what it was told then, so that the data plane comes back without control.
 */
export async function register(order: StartOrder, registration: Registration, log: Log): Promise<Registered> {
  const directory = join(order.data, 'secret');
  const file = join(directory, `${order.process}.registered.json`);
  const hash = createHash('sha256').update(JSON.stringify(registration)).digest('hex');
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { hash: string; registered: Registered }) : undefined;
  const until = Date.now() + (known?.hash === hash ? registerWaitMs / 30 : registerWaitMs);
  for (;;) {
    try {
      const registered = (await callControl(order, '/register', registration)) as Registered;
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      writeFileSync(`${file}.new`, JSON.stringify({ hash, registered }), { mode: 0o600 });
      renameSync(`${file}.new`, file);
      return registered;
    } catch (error) {
      if (!isAway(error)) throw error;
      if (Date.now() < until) {
        await new Promise((resolve) => setTimeout(resolve, registerRetryMs));
        continue;
      }
      if (known?.hash !== hash) throw error;
      log('warn', 'control is away; starting from the last registration', { process: order.process });
      return known.registered;
    }
  }
}

function isAway(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'Unavailable';
}
