import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { fault } from '../contract/fault.ts';
import { argonMemoryKib, argonPasses, loginAtOnceMax, passwordLengthMax, passwordLengthMin } from './limits.ts';

const hash = promisify(argon2);
let running = 0;
const waiting: (() => void)[] = [];

/** A few hashes at a time: each takes memory and a thread. */
async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= loginAtOnceMax) await new Promise<void>((resolve) => waiting.push(resolve));
  running += 1;
  try {
    return await work();
  } finally {
    running -= 1;
    waiting.shift()?.();
  }
}

async function derive(password: string, nonce: Buffer, memory: number, passes: number): Promise<Buffer> {
  return (await hash('argon2id', { message: password, nonce, memory, passes, parallelism: 1, tagLength: 32 })) as Buffer;
}

const text = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');

/** Refuses passwords that are too short or too long. */
export function assertPassword(password: unknown): asserts password is string {
  if (typeof password !== 'string' || password.length < passwordLengthMin || password.length > passwordLengthMax) {
    throw fault('BadInput', { path: '/password', detail: `A password has ${passwordLengthMin} to ${passwordLengthMax} characters.` });
  }
}

/** Hashes a password as an Argon2id PHC string. */
export async function hashPassword(password: string): Promise<string> {
  const nonce = randomBytes(16);
  const tag = await inTurn(() => derive(password, nonce, argonMemoryKib, argonPasses));
  return `$argon2id$v=19$m=${argonMemoryKib},t=${argonPasses},p=1$${text(nonce)}$${text(tag)}`;
}

const nobody = `$argon2id$v=19$m=${argonMemoryKib},t=${argonPasses},p=1$${text(Buffer.alloc(16))}$${text(Buffer.alloc(32))}`;

/** Whether a password fits a PHC string. Without one it takes as long and says no, so that time tells nobody who exists. */
export async function passwordFits(password: string, phc: string | undefined): Promise<boolean> {
  const [, , , parameters = '', nonce = '', tag = ''] = (phc ?? nobody).split('$');
  const [memory = 0, passes = 0] = parameters.split(',').map((part) => Number(part.slice(2)));
  const known = Buffer.from(tag, 'base64');
  const made = await inTurn(() => derive(password, Buffer.from(nonce, 'base64'), memory, passes));
  return made.length === known.length && timingSafeEqual(made, known) && phc !== undefined;
}
