import { createHash, randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { ScramHash } from '#wire/scram/server.ts';
import { fault, OperationError } from '../contract/fault.ts';
import type { AdmitOrder, Link, Part } from '../supervise/protocol.ts';
import { bearerToken, type FaceSecrets, faceSecrets, faceVerifiers } from './face-secret.ts';
import { checkpointsPerCallMax, keeperLineBytes, serviceTokenMs } from './limits.ts';
import { lineReader } from './line.ts';
import { type ScramText, scramText } from './scram-text.ts';
import type { KeyState } from './named.ts';
import { openRing, type Ring } from './ring.ts';

type Request = { readonly id: number; readonly op: string; readonly [field: string]: unknown };
type Asked = { readonly process: string; readonly request: Request };

const text = (request: Request, field: string): string => {
  const value = request[field];
  if (typeof value !== 'string') throw fault('BadInput', { path: `/${field}`, detail: 'a string is missing' });
  return value;
};
const bytes = (request: Request, field: string): Buffer => Buffer.from(text(request, field), 'base64');
const optional = (request: Request, field: string) => (request[field] === undefined ? undefined : text(request, field));
const tenantOf = (request: Request): bigint => BigInt(text(request, 'tenant'));

/** Opens a credential's seed, or rebuilds the faces of an imported secret. */
function secretsOf(ring: Ring, request: Request): FaceSecrets & { sigv2?: true; scram?: ScramTexts } {
  const opened = openCredential(ring, request);
  if (opened.length === 32) return faceSecrets(opened);
  const { seed, s3, sigv2, scram } = JSON.parse(opened.toString()) as {
    seed: string;
    s3?: string;
    sigv2?: true;
    scram?: ScramTexts;
  };
  const secrets = faceSecrets(Buffer.from(seed, 'base64'));
  return { ...secrets, s3: s3 ?? secrets.s3, ...(sigv2 ? { sigv2 } : {}), ...(scram ? { scram } : {}) };
}

const placeIn = (request: Request) => `credential ${text(request, 'credential')}`;
const openCredential = (ring: Ring, request: Request) =>
  ring.open(tenantOf(request), 'credential', bytes(request, 'sealed'), placeIn(request));
const sealCredential = (ring: Ring, request: Request, plain: Buffer) => ({
  sealed: ring.seal(tenantOf(request), 'credential', plain, placeIn(request)).toString('base64'),
});

type ScramTexts = Readonly<Partial<Record<ScramHash, ScramText>>>;

const keyState = (request: Request): KeyState => {
  const state = text(request, 'state');
  if (state !== 'enabled' && state !== 'disabled' && state !== 'pending') throw fault('BadInput', 'That is no state of a key.');
  return state;
};

/** What control asks about keys; without `key` it is the tenant's own ring. */
const keyCalls: Record<string, (ring: Ring, request: Request) => unknown> = {
  createKey(ring, request) {
    ring.named.create(tenantOf(request), text(request, 'key'), request.material === undefined ? undefined : bytes(request, 'material'));
    return {};
  },
  describeKey(ring, request) {
    const key = optional(request, 'key');
    return key === undefined ? ring.describe(tenantOf(request)) : ring.named.describe(tenantOf(request), key);
  },
  rotate(ring, request) {
    const key = optional(request, 'key');
    return { version: key === undefined ? ring.rotate(tenantOf(request)) : ring.named.rotate(tenantOf(request), key) };
  },
  setKeyState(ring, request) {
    const key = optional(request, 'key');
    if (key === undefined) ring.setState(tenantOf(request), keyState(request));
    else ring.named.setState(tenantOf(request), key, keyState(request));
    return {};
  },
  eraseSubject(ring, request) {
    ring.subject.erase(tenantOf(request), [bytes(request, 'subject')]);
    return {};
  },
  destroyKey(ring, request) {
    const key = optional(request, 'key');
    if (key === undefined) ring.destroy(tenantOf(request));
    else ring.named.destroy(tenantOf(request), key);
    return {};
  },
};

/** What only control may ask: to mint, show and verify credentials, and to seal personal fields. */
const controlCalls: Record<string, (ring: Ring, request: Request) => unknown> = {
  mint(ring, request) {
    const seed = randomBytes(32);
    const plain = request.sigv2 === true ? Buffer.from(JSON.stringify({ seed: seed.toString('base64'), sigv2: true })) : seed;
    return sealCredential(ring, request, plain);
  },
  import(ring, request) {
    const imported = Buffer.from(JSON.stringify({ seed: randomBytes(32).toString('base64'), s3: text(request, 's3') }));
    return sealCredential(ring, request, imported);
  },
  /** Verifiers of a secret that nobody told: the credential's other faces have secrets that nobody ever learns. */
  alterVerifiers(ring, request) {
    const known = request.sealed === undefined ? undefined : JSON.parse(openCredential(ring, request).toString());
    const { seed = randomBytes(32).toString('base64'), scram = {} } = (known ?? {}) as { seed?: string; scram?: ScramTexts };
    const dropped = request.drop as readonly string[];
    const kept = Object.fromEntries(Object.entries(scram).filter(([hash]) => !dropped.includes(hash)));
    return sealCredential(ring, request, Buffer.from(JSON.stringify({ seed, scram: { ...kept, ...(request.put as ScramTexts) } })));
  },
  faces(ring, request) {
    const { sigv2: _, scram: __, ...secrets } = secretsOf(ring, request);
    return { ...secrets, bearer: bearerToken(text(request, 'credential'), secrets.bearer) };
  },
  verifiers(ring, request) {
    const secrets = secretsOf(ring, request);
    const made = faceVerifiers(secrets, text(request, 'region'), request.dates as string[]);
    return {
      ...made,
      sasl: secrets.scram ?? { plain: made.sasl.plain, sha256: scramText(made.sasl.sha256), sha512: scramText(made.sasl.sha512) },
      // SigV2 has no derived key: its verifier is the secret, so only credentials made for it have one.
      ...(secrets.sigv2 ? { sigv2: secrets.s3 } : {}),
      sigv4: Object.fromEntries(Object.entries(made.sigv4).map(([date, key]) => [date, Buffer.from(key).toString('base64')])),
    };
  },
  seal: (ring, request) => ({
    sealed: ring.seal(tenantOf(request), 'field', bytes(request, 'plain'), text(request, 'aad')).toString('base64'),
  }),
  open: (ring, request) => ({
    plain: ring.open(tenantOf(request), 'field', bytes(request, 'sealed'), text(request, 'aad')).toString('base64'),
  }),
  sealPersonal(ring, request) {
    const sealed = ring.sealPersonal(text(request, 'who'), bytes(request, 'plain'), text(request, 'aad'));
    return { sealed: sealed.toString('base64') };
  },
  openPersonal(ring, request) {
    const plain = ring.openPersonal(text(request, 'who'), bytes(request, 'sealed'), text(request, 'aad'));
    return { plain: plain.toString('base64') };
  },
  erasePersonal(ring, request) {
    ring.erasePersonal(request.whose as readonly string[]);
    return {};
  },
  witnessKeys: (ring) => ring.witness.publicKeys,
  cosign: (ring, request) => ({ lines: ring.witness.cosign(text(request, 'cosigner'), text(request, 'checkpoint'), Number(request.at)) }),
  lookup: (ring, request) => ({ hash: ring.lookup(text(request, 'text')).toString('base64') }),
  ...keyCalls,
  destroy(ring, request) {
    ring.destroy(tenantOf(request));
    return {};
  },
};

/** What every admitted process may ask. A service token names the process that asked, whatever it claims. */
const processCalls: Record<string, (ring: Ring, asked: Asked) => unknown> = {
  lease(ring, { process, request }) {
    const version = request.version === undefined ? undefined : Number(request.version);
    const purpose = text(request, 'purpose');
    if (purpose === 'credential' || purpose === 'field') throw fault('Denied', 'These keys never leave the keeper.');
    if (purpose.startsWith('audit') && process !== 'control' && process !== 'recorder')
      throw fault('Denied', 'The audit log is not yours to read.');
    if (purpose.startsWith('process ') && purpose !== `process ${process}`) throw fault('Denied', 'These keys are of another process.');
    const { version: at, key } = ring.lease(tenantOf(request), version, purpose, optional(request, 'key'));
    return { version: at, key: key.toString('base64') };
  },
  /** Keys of subjects go to those who write and read the audit log. */
  leaseSubject(ring, { process, request }) {
    if (process !== 'control' && process !== 'recorder') throw fault('Denied', 'The audit log is not yours to read.');
    const tenant = tenantOf(request);
    ring.lease(tenant, undefined, 'subject');
    return { key: ring.subject.key(tenant, bytes(request, 'subject')).toString('base64') };
  },
  serviceToken(ring, { process, request }) {
    const caller = request.caller as Record<string, unknown>;
    const body = Buffer.from(JSON.stringify({ ...caller, via: process, expires: Date.now() + serviceTokenMs })).toString('base64url');
    return { token: `${body}.${ring.sign(Buffer.from(body)).toString('base64url')}` };
  },
  publicKey: (ring) => ({ pem: ring.publicKeyPem }),
  notaryKeys: (ring) => ring.notary.publicKeys,
};

/** What only recorder may ask: signatures under checkpoints of the audit log, and of nothing else. */
const recorderCalls: Record<string, (ring: Ring, request: Request) => unknown> = {
  signCheckpoints(ring, request) {
    const texts = request.texts as readonly unknown[];
    if (!Array.isArray(texts) || texts.length > checkpointsPerCallMax) throw fault('BadInput', 'Too many checkpoints, or none.');
    return { notes: texts.map((body) => ring.notary.sign(String(body), Number(request.at))) };
  },
};

function answer(ring: Ring, asked: Asked): unknown {
  const { request, process } = asked;
  if (Object.hasOwn(recorderCalls, request.op)) {
    if (process !== 'recorder') throw fault('Denied', `Only recorder may ask the keeper to ${request.op}.`);
    return recorderCalls[request.op]?.(ring, request);
  }
  if (Object.hasOwn(processCalls, request.op)) return processCalls[request.op]?.(ring, asked);
  if (!Object.hasOwn(controlCalls, request.op)) throw fault('NoSuchOperation', request.op);
  if (process !== 'control') throw fault('Denied', `Only control may ask the keeper to ${request.op}.`);
  return controlCalls[request.op]?.(ring, request);
}

/** One process' line: its first line must be a token that the supervisor gave out. */
function serve(ring: Ring, admitted: ReadonlyMap<string, string>, socket: Socket): void {
  let process: string | undefined;
  const reply = (id: number, body: Record<string, unknown>) => socket.write(`${JSON.stringify({ id, ...body })}\n`);
  socket.on('error', () => socket.destroy());
  socket.on(
    'data',
    lineReader(
      keeperLineBytes,
      (line) => {
        if (process === undefined) {
          process = admitted.get(createHash('sha256').update(line).digest('hex'));
          if (process === undefined) socket.destroy();
          return;
        }
        const request = JSON.parse(line) as Request;
        try {
          reply(request.id, { ok: answer(ring, { process, request }) });
        } catch (error) {
          if (!(error instanceof OperationError)) throw error;
          reply(request.id, { code: error.code, detail: error.detail });
        }
      },
      () => socket.destroy(),
    ),
  );
}

/** The process that holds root and tenant keys and never gives them out. It speaks on a unix socket, to admitted processes only. */
export const part: Part = {
  name: 'keeper',
  async start(link: Link) {
    const ring = openRing(join(link.order.data, 'keeper'));
    const admitted = new Map<string, string>();
    const current = new Map<string, string>();
    link.onAdmit((admit: AdmitOrder) => {
      const before = current.get(admit.process);
      if (before !== undefined) admitted.delete(before);
      current.set(admit.process, admit.tokenHash);
      admitted.set(admit.tokenHash, admit.process);
    });
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      serve(ring, admitted, socket);
    });
    const path = join(link.order.run, 'keeper.sock');
    rmSync(path, { force: true });
    await new Promise<void>((resolve, reject) => server.once('error', reject).listen(path, resolve));
    return {
      doors: {},
      async drain() {
        for (const socket of sockets) socket.destroy();
        await new Promise<void>((resolve) => server.close(() => resolve()));
      },
    };
  },
};
