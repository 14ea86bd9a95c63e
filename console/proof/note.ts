import { type Bytes, fromBase64, joined, sha256, toHex } from './byte.ts';

/** C2SP tlog-checkpoint: a log's name, how many entries, their root; and the signed text with its signatures. */
export type SignedCheckpoint = {
  readonly origin: string;
  readonly size: number;
  readonly root: Bytes;
  readonly text: string;
  readonly signatures: readonly { readonly name: string; readonly bytes: Bytes }[];
};

/** Reads a checkpoint; undefined when it is none. */
export function parseCheckpoint(note: string): SignedCheckpoint | undefined {
  const end = note.lastIndexOf('\n\n');
  if (end < 0) return undefined;
  const text = note.slice(0, end + 1);
  const [origin = '', size = '', encoded = ''] = text.split('\n');
  const root = fromBase64(encoded);
  if (origin === '' || !/^(0|[1-9][0-9]{0,15})$/.test(size) || root?.length !== 32) return undefined;
  const signatures = note
    .slice(end + 2)
    .split('\n')
    .flatMap((line) => {
      const [, name = '', signed = ''] = /^\u2014 (\S+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? [];
      const bytes = fromBase64(signed);
      return name === '' || !bytes || bytes.length < 5 ? [] : [{ name, bytes }];
    });
  return { origin, size: Number(size), root, text, signatures };
}

/** A public key out of a verifier line of C2SP signed-note: `name+id+base64(kind | key)`. */
type Verifier = { readonly name: string; readonly id: string; readonly kind: number; readonly key: Bytes };

/** Reads a verifier line and checks its id; undefined when one of both is wrong. */
async function readVerifier(line: string): Promise<Verifier | undefined> {
  const [, name = '', id = '', encoded = ''] = /^([^+\s]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})\s*$/.exec(line) ?? [];
  const bytes = fromBase64(encoded);
  if (!bytes || bytes.length < 2) return undefined;
  const made = await sha256(joined(new TextEncoder().encode(`${name}\n`), bytes));
  return toHex(made.subarray(0, 4)) === id ? { name, id, kind: bytes[0] ?? 0, key: bytes.slice(1) } : undefined;
}

/** Whether a signature is good; `unable` where this browser has no Ed25519. */
export type SignatureVerdict = 'good' | 'bad' | 'missing' | 'unable';

const ed25519 = 1;

/** Checks the Ed25519 signature of a checkpoint under the first verifier line of that kind. */
export async function checkSignature(checkpoint: SignedCheckpoint, lines: readonly string[]): Promise<SignatureVerdict> {
  const verifiers = await Promise.all(lines.map(readVerifier));
  const verifier = verifiers.find((each) => each?.kind === ed25519 && each.name === checkpoint.origin);
  if (!verifier) return 'missing';
  const own = checkpoint.signatures.find(({ name, bytes }) => name === verifier.name && toHex(bytes.subarray(0, 4)) === verifier.id);
  if (!own) return 'missing';
  let key: CryptoKey;
  try {
    key = await crypto.subtle.importKey('raw', verifier.key, 'Ed25519', false, ['verify']);
  } catch {
    return 'unable';
  }
  const isGood = await crypto.subtle.verify('Ed25519', key, own.bytes.slice(4), new TextEncoder().encode(checkpoint.text));
  return isGood ? 'good' : 'bad';
}
