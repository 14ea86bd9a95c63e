import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import { signaturesMax } from './limits.ts';

/** Kinds of signature of C2SP signed-note that are made or read here. */
export const signatureKind = { ed25519: 1, ed25519Cosignature: 4, mldsa44Cosignature: 6 } as const;

/** One signature line: the signer's name, its key's id, and the signature. */
export type NoteSignature = { readonly name: string; readonly keyId: number; readonly signature: Uint8Array };
/** A signed note: its text, which ends with a newline, and its signatures. */
export type Note = { readonly text: string; readonly signatures: readonly NoteSignature[] };
/** Who may have signed: a name, a kind of signature, and the raw public key. */
export type NoteVerifier = { readonly name: string; readonly kind: number; readonly key: Uint8Array };

const dash = '\u2014';

/** The id of a key: four bytes of SHA-256(name | newline | kind | key). */
export function keyIdOf({ name, kind, key }: NoteVerifier): number {
  return hash('sha256', Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([kind]), key]), 'buffer').readUInt32BE(0);
}

/** A verifier as text: `name+id+base64(kind | key)`. */
export function verifierText(verifier: NoteVerifier): string {
  const { name, kind, key } = verifier;
  const id = keyIdOf(verifier).toString(16).padStart(8, '0');
  return `${name}+${id}+${Buffer.concat([Buffer.from([kind]), key]).toString('base64')}`;
}

/** Reads such a text; undefined when its form or id is wrong. */
export function parseVerifier(text: string): NoteVerifier | undefined {
  const [, name = '', id = '', encoded = ''] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})\s*$/.exec(text) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  if (name === '' || bytes.length < 2) return undefined;
  const verifier = { name, kind: bytes[0] ?? 0, key: bytes.subarray(1) };
  return keyIdOf(verifier) === Number.parseInt(id, 16) ? verifier : undefined;
}

/** One signature line of a note, with its newline. */
export function signatureLine({ name, keyId, signature }: NoteSignature): string {
  const bytes = Buffer.alloc(4 + signature.length);
  bytes.writeUInt32BE(keyId, 0);
  bytes.set(signature, 4);
  return `${dash} ${name} ${bytes.toString('base64')}\n`;
}

/** The note as it is stored and sent. */
export function formatNote({ text, signatures }: Note): string {
  return `${text}\n${signatures.map(signatureLine).join('')}`;
}

/** Reads one signature line, without its newline; undefined when it is none. */
function parseSignatureLine(line: string): NoteSignature | undefined {
  const [, name = '', encoded = ''] = /^\u2014 ([^+\s]+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  if (name === '' || bytes.length < 5) return undefined;
  return { name, keyId: bytes.readUInt32BE(0), signature: bytes.subarray(4) };
}

/** Takes a note apart; undefined when it is none. */
export function parseNote(note: string): Note | undefined {
  const end = note.lastIndexOf('\n\n');
  if (end < 0 || !note.endsWith('\n')) return undefined;
  const lines = note.slice(end + 2, -1).split('\n');
  if (lines.length > signaturesMax) return undefined;
  const signatures: NoteSignature[] = [];
  for (const line of lines) {
    const signature = parseSignatureLine(line);
    if (!signature) return undefined;
    signatures.push(signature);
  }
  return { text: note.slice(0, end + 1), signatures };
}

/** C2SP tlog-checkpoint: the log's name, how many entries, and their root. */
export type Checkpoint = { readonly origin: string; readonly size: number; readonly root: Uint8Array };

export function checkpointText({ origin, size, root }: Checkpoint): string {
  return `${origin}\n${size}\n${Buffer.from(root).toString('base64')}\n`;
}

/** Reads the text of a note as a checkpoint; extension lines are passed over. */
export function parseCheckpoint(text: string): Checkpoint | undefined {
  const [origin = '', size = '', root = ''] = text.split('\n');
  const bytes = Buffer.from(root, 'base64');
  if (origin === '' || !/^(0|[1-9][0-9]{0,15})$/.test(size) || bytes.length !== 32 || bytes.toString('base64') !== root) return undefined;
  return { origin, size: Number(size), root: bytes };
}

/** C2SP tlog-cosignature: what an ML-DSA-44 cosignature of a checkpoint signs. `at` is in seconds since 1970. */
export function mldsaMessage(cosigner: string, at: number, { origin, size, root }: Checkpoint): Buffer {
  const numbers = (...values: number[]) => {
    const bytes = Buffer.alloc(values.length * 8);
    for (const [index, value] of values.entries()) bytes.writeBigUInt64BE(BigInt(value), index * 8);
    return bytes;
  };
  const text = (value: string) => Buffer.concat([Buffer.from([Buffer.byteLength(value)]), Buffer.from(value)]);
  return Buffer.concat([Buffer.from('subtree/v1\n\0'), text(cosigner), numbers(at), text(origin), numbers(0, size), root]);
}

/** C2SP tlog-cosignature: what an Ed25519 cosignature signs. `at` is in seconds since 1970. */
export const ed25519CosignatureMessage = (at: number, text: string): Buffer => Buffer.from(`cosignature/v1\ntime ${at}\n${text}`);

/** A signature of a cosigner: u64 seconds since 1970, then the signature itself. */
export function timestamped(at: number, signature: Uint8Array): Buffer {
  const bytes = Buffer.alloc(8 + signature.length);
  bytes.writeBigUInt64BE(BigInt(at), 0);
  bytes.set(signature, 8);
  return bytes;
}

const spki = {
  ed25519: Buffer.from('302a300506032b6570032100', 'hex'),
  mldsa44: Buffer.from('30820532300b06096086480165030403110382052100', 'hex'),
};
/** Bytes of a raw public key by kind of signature. */
const keyBytes: Readonly<Record<number, number>> = { 1: 32, 4: 32, 6: 1312 };

/** The raw bytes of an Ed25519 or ML-DSA-44 public key. */
export function rawPublicKey(key: KeyObject): Buffer {
  const size = key.asymmetricKeyType === 'ed25519' ? 32 : 1312;
  return (key.export({ type: 'spki', format: 'der' }) as Buffer).subarray(-size);
}

const keys = new Map<string, KeyObject>();
function publicKey({ kind, key }: NoteVerifier): KeyObject | undefined {
  if (keyBytes[kind] !== key.length) return undefined;
  const id = `${kind} ${Buffer.from(key).toString('base64')}`;
  const known = keys.get(id);
  if (known) return known;
  const prefix = kind === signatureKind.mldsa44Cosignature ? spki.mldsa44 : spki.ed25519;
  const made = createPublicKey({ key: Buffer.concat([prefix, key]), format: 'der', type: 'spki' });
  if (keys.size > signaturesMax) keys.clear();
  keys.set(id, made);
  return made;
}

/** Whether one of a note's signatures is the verifier's; for cosignatures, answers when it was made. */
export function verifyNote({ text, signatures }: Note, verifier: NoteVerifier): { readonly at?: number } | undefined {
  const key = publicKey(verifier);
  const keyId = keyIdOf(verifier);
  if (!key) return undefined;
  for (const { name, keyId: id, signature } of signatures) {
    if (name !== verifier.name || id !== keyId) continue;
    if (verifier.kind === signatureKind.ed25519) return verify(null, Buffer.from(text), key, signature) ? {} : undefined;
    if (signature.length < 9) return undefined;
    const at = Number(Buffer.from(signature).readBigUInt64BE(0));
    const checkpoint = parseCheckpoint(text);
    if (!checkpoint || !Number.isSafeInteger(at)) return undefined;
    const isMldsa = verifier.kind === signatureKind.mldsa44Cosignature;
    const message = isMldsa ? mldsaMessage(verifier.name, at, checkpoint) : ed25519CosignatureMessage(at, text);
    return verify(null, message, key, signature.subarray(8)) ? { at } : undefined;
  }
  return undefined;
}
