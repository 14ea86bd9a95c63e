import type { ScramHash } from '#wire/scram/server.ts';
import type { SaslVerifiers, ScramVerifiers } from './face-secret.ts';
import { connect, type Socket } from 'node:net';
import { fault, faultTable } from '../contract/fault.ts';
import type { Caller } from '../contract/caller.ts';
import { keeperCallMs, keeperLineBytes, keeperPendingMax, reconnectMs } from './limits.ts';
import { formatId } from '../tenancy/id.ts';
import { lineReader } from './line.ts';
import { scramOf, type ScramText, scramText } from './scram-text.ts';
import type { KeyState } from './named.ts';

type Pending = { resolve(value: Record<string, unknown>): void; reject(error: Error): void; timer: NodeJS.Timeout };

/** A process' line to the keeper; connects again by itself, and what was waiting fails with KeyUnavailable. */
export type Keeper = ReturnType<typeof connectKeeper>;

/** Connects to the keeper's unix socket; `token` is the spawn token that proves which process this is. */
export function connectKeeper(path: string, token: string) {
  const pending = new Map<number, Pending>();
  let next = 1;
  let socket: Socket | undefined;
  let closed = false;
  let retry: NodeJS.Timeout | undefined;

  function open(): Socket {
    const opened = connect(path);
    opened.write(`${token}\n`);
    opened.on(
      'data',
      lineReader(keeperLineBytes, settle, () => opened.destroy()),
    );
    opened.on('error', () => undefined);
    opened.once('close', () => {
      socket = undefined;
      for (const [id, waiting] of pending) {
        clearTimeout(waiting.timer);
        pending.delete(id);
        waiting.reject(fault('KeyUnavailable', 'The keeper is away.'));
      }
    });
    opened.unref();
    return opened;
  }

  function settle(line: string): void {
    const { id, ok, code, detail } = JSON.parse(line) as { id: number; ok?: Record<string, unknown>; code?: string; detail?: string };
    const waiting = pending.get(id);
    if (!waiting) return;
    clearTimeout(waiting.timer);
    pending.delete(id);
    if (code === undefined) waiting.resolve(ok ?? {});
    // `refused` tells an answer of the keeper from its absence.
    else waiting.reject(fault(faultTable().has(code) ? code : 'KeyRefused', { path: 'refused', detail }));
  }

  function once(op: string, fields: Record<string, unknown>): Promise<Record<string, unknown>> {
    if (closed) return Promise.reject(fault('KeyUnavailable', 'The line to the keeper is closed.'));
    if (pending.size >= keeperPendingMax) return Promise.reject(fault('KeyUnavailable', 'Too many calls wait for the keeper.'));
    socket ??= open();
    const id = next++;
    const sending = socket;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        pending.delete(id);
        reject(fault('KeyUnavailable', 'The keeper did not answer in time.'));
      }, keeperCallMs);
      timer.unref();
      pending.set(id, { resolve, reject, timer });
      sending.write(`${JSON.stringify({ id, op, ...fields })}\n`);
    });
  }

  /** Every call may be repeated; a keeper that is just restarting is asked again until the call's time is over. */
  async function ask(op: string, fields: Record<string, unknown>): Promise<Record<string, unknown>> {
    for (const until = Date.now() + keeperCallMs; ; ) {
      try {
        return await once(op, fields);
      } catch (error) {
        const away = error instanceof Error && error.message.includes('is away');
        if (!away || closed || Date.now() > until) throw error;
        await new Promise<void>((resolve) => (retry = setTimeout(resolve, reconnectMs)));
      }
    }
  }

  const base64 = (value: unknown) => Buffer.from(value as string, 'base64');
  return {
    mint: async (tenant: bigint, credential: string, { sigv2 = false } = {}) =>
      base64((await ask('mint', { tenant: `${tenant}`, credential, sigv2 })).sealed),
    importSecret: async (tenant: bigint, credential: string, s3: string) =>
      base64((await ask('import', { tenant: `${tenant}`, credential, s3 })).sealed),
    /** Seals verifiers beside those that `sealed` holds, or instead of them, or takes some away. */
    async alterVerifiers(tenant: bigint, credential: string, put: ScramVerifiers, drop: readonly ScramHash[], sealed?: Uint8Array) {
      const texts = Object.fromEntries(Object.entries(put).map(([hash, verifier]) => [hash, scramText(verifier)]));
      const known = sealed === undefined ? {} : { sealed: Buffer.from(sealed).toString('base64') };
      return base64((await ask('alterVerifiers', { tenant: `${tenant}`, credential, put: texts, drop, ...known })).sealed);
    },
    faces: async (tenant: bigint, credential: string, sealed: Uint8Array) =>
      (await ask('faces', { tenant: `${tenant}`, credential, sealed: Buffer.from(sealed).toString('base64') })) as {
        bearer: string;
        basic: string;
        sasl: string;
        s3: string;
        cluster: string;
        stripe: string;
        publishable: string;
      },
    async verifiers(tenant: bigint, credential: string, sealed: Uint8Array, region: string, dates: readonly string[]) {
      const made = await ask('verifiers', {
        tenant: `${tenant}`,
        credential,
        sealed: Buffer.from(sealed).toString('base64'),
        region,
        dates,
      });
      const sigv4 = Object.fromEntries(Object.entries(made.sigv4 as Record<string, string>).map(([date, key]) => [date, base64(key)]));
      return {
        bearer: made.bearer as string,
        basic: made.basic as string,
        cluster: made.cluster as string,
        stripe: made.stripe as string,
        publishable: made.publishable as string,
        sasl: saslOf(made.sasl as SaslText),
        sigv4,
        ...(made.sigv2 === undefined ? {} : { sigv2: made.sigv2 as string }),
      };
    },
    seal: async (tenant: bigint, plain: Uint8Array, aad: string) =>
      base64((await ask('seal', { tenant: `${tenant}`, plain: Buffer.from(plain).toString('base64'), aad })).sealed),
    open: async (tenant: bigint, sealed: Uint8Array, aad: string) =>
      base64((await ask('open', { tenant: `${tenant}`, sealed: Buffer.from(sealed).toString('base64'), aad })).plain),
    /** Seals under the key of a subject of the platform, which never leaves the keeper; KeyRefused once it was erased. */
    sealPersonal: async (who: string, plain: Uint8Array, aad: string) =>
      base64((await ask('sealPersonal', { who, plain: Buffer.from(plain).toString('base64'), aad })).sealed),
    openPersonal: async (who: string, sealed: Uint8Array, aad: string) =>
      base64((await ask('openPersonal', { who, sealed: Buffer.from(sealed).toString('base64'), aad })).plain),
    /** Ends the keys of subjects: what was sealed under them is nowhere to be read again, and no new ones are made. */
    erasePersonal: async (whose: readonly string[]) => void (await ask('erasePersonal', { whose })),
    lookup: async (text: string) => base64((await ask('lookup', { text })).hash),
    destroy: async (tenant: bigint) => void (await ask('destroy', { tenant: `${tenant}` })),
    /** Keys of a tenant; without `key` it is the tenant's own ring. For control alone. */
    createKey: async (tenant: bigint, key: string, material?: Uint8Array) => {
      const given = material === undefined ? {} : { material: Buffer.from(material).toString('base64') };
      await ask('createKey', { tenant: `${tenant}`, key, ...given });
    },
    describeKey: async (tenant: bigint, key?: string) =>
      (await ask('describeKey', { tenant: `${tenant}`, key })) as { state: KeyState; versions: number },
    rotateKey: async (tenant: bigint, key?: string) => (await ask('rotate', { tenant: `${tenant}`, key })).version as number,
    setKeyState: async (tenant: bigint, state: KeyState, key?: string) =>
      void (await ask('setKeyState', { tenant: `${tenant}`, state, key })),
    destroyKey: async (tenant: bigint, key?: string) => void (await ask('destroyKey', { tenant: `${tenant}`, key })),
    /** A data key for a purpose, derived from the tenant's ring or from a named key. */
    lease: async (tenant: bigint, purpose: string, version?: number, key?: string) => {
      const leased = await ask('lease', { tenant: `${tenant}`, purpose, version, key });
      return { version: leased.version as number, key: base64(leased.key) };
    },
    serviceToken: async ({ tenant, scope, principal, credential }: Caller) => {
      const ids = { tenant: formatId(tenant), scope: formatId(scope), credential: credential === 0n ? '' : formatId(credential) };
      return (await ask('serviceToken', { caller: { ...ids, principal } })).token as string;
    },
    publicKey: async () => (await ask('publicKey', {})).pem as string,
    /** The key of a subject, by its keyed hash; KeyRefused once it was erased. */
    leaseSubject: async (tenant: bigint, subject: Uint8Array) =>
      base64((await ask('leaseSubject', { tenant: `${tenant}`, subject: Buffer.from(subject).toString('base64') })).key),
    eraseSubject: async (tenant: bigint, subject: Uint8Array) =>
      void (await ask('eraseSubject', { tenant: `${tenant}`, subject: Buffer.from(subject).toString('base64') })),
    /** The public keys that sign checkpoints of the audit log, raw. */
    notaryKeys: async () => {
      const { ed25519, mldsa44 } = await ask('notaryKeys', {});
      return { ed25519: base64(ed25519), mldsa44: base64(mldsa44) };
    },
    /** The public keys that cosign the checkpoints of others, raw. For control alone. */
    witnessKeys: async () => {
      const { ed25519, mldsa44 } = await ask('witnessKeys', {});
      return { ed25519: base64(ed25519), mldsa44: base64(mldsa44) };
    },
    /** Cosigns a checkpoint; answers signature lines. `at` is in seconds since 1970. For control alone. */
    cosign: async (cosigner: string, checkpoint: string, at: number) => (await ask('cosign', { cosigner, checkpoint, at })).lines as string,
    /** Signs checkpoints, which come back as notes; `at` is in seconds since 1970. For recorder alone. */
    signCheckpoints: async (texts: readonly string[], at: number) => (await ask('signCheckpoints', { texts, at })).notes as string[],
    close() {
      closed = true;
      if (retry) clearTimeout(retry);
      socket?.destroy();
    },
  };
}

type SaslText = { readonly plain?: string; readonly sha256?: ScramText; readonly sha512?: ScramText };

const saslOf = ({ plain, sha256, sha512 }: SaslText): SaslVerifiers => ({
  ...(plain === undefined ? {} : { plain }),
  ...(sha256 ? { sha256: scramOf(sha256) } : {}),
  ...(sha512 ? { sha512: scramOf(sha512) } : {}),
});
