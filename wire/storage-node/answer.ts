import { codeMaxBytes, drivePathMaxBytes, frameBodyMaxBytes, pathMaxBytes, sentenceMaxBytes } from './limits.ts';
import { Fields, text, u16, u32, u64 } from './request.ts';
import { NodeProtocolError } from './violation.ts';

/** Kinds of the frames by which a node answers. */
export const done = 0x80;
export const failed = 0x81;

/** Why a node did not do what it was asked: the system's code (`EIO`) or one of its own, and a sentence. */
export type NodeFailure = { readonly code: string; readonly sentence: string };

/** What room there is where a drive lies. `disk` is the same for drives of one file system, and of no other on any machine. */
export type Room = { readonly disk: string; readonly sizeBytes: number; readonly freeBytes: number };

export function packFailure({ code, sentence }: NodeFailure): readonly Uint8Array[] {
  return [...text(code.slice(0, codeMaxBytes)), Buffer.from(sentence).subarray(0, sentenceMaxBytes)];
}

export function readFailure(body: Buffer): NodeFailure {
  const fields = new Fields(body);
  const code = fields.text(codeMaxBytes);
  if (!/^[A-Za-z][A-Za-z0-9_]*$/.test(code)) throw new NodeProtocolError('a failure has no code');
  return { code, sentence: fields.rest(sentenceMaxBytes).toString() };
}

/** A number that answers `open` (of a file) or `size`. */
export const packNumber = { open: (value: number) => [u32(value)], size: (value: number) => [u64(value)] } as const;

export function readNumber(what: 'open' | 'size', body: Buffer): number {
  const fields = new Fields(body);
  const value = what === 'open' ? fields.u32() : fields.u64();
  fields.end();
  return value;
}

/** Names in a directory; undefined where they are more than a frame takes. */
export function packNames(names: readonly string[]): readonly Uint8Array[] | undefined {
  const parts = Buffer.concat([u32(names.length), ...names.flatMap(text)]);
  return parts.length > frameBodyMaxBytes ? undefined : [parts];
}

export function readNames(body: Buffer): string[] {
  const fields = new Fields(body);
  const names = Array.from({ length: fields.upTo(body.length) }, () => fields.text(pathMaxBytes));
  fields.end();
  return names;
}

/** The identity written on a drive, and no bytes where there is none. */
export function packIdentity(id: string | undefined): readonly Uint8Array[] {
  return id === undefined ? [] : text(id);
}

export function readIdentity(body: Buffer): string | undefined {
  if (body.length === 0) return undefined;
  const fields = new Fields(body);
  const id = fields.text(drivePathMaxBytes);
  fields.end();
  return id;
}

export function packRoom({ disk, sizeBytes, freeBytes }: Room): readonly Uint8Array[] {
  return [u64(sizeBytes), u64(freeBytes), ...text(disk)];
}

export function readRoom(body: Buffer): Room {
  const fields = new Fields(body);
  const room = { sizeBytes: fields.u64(), freeBytes: fields.u64(), disk: fields.text(pathMaxBytes) };
  fields.end();
  return room;
}

/** A greeting is answered with the release of the protocol. */
export const packGreeting = (protocol: number): readonly Uint8Array[] => [u16(protocol)];

export function readGreeting(body: Buffer): number {
  const fields = new Fields(body);
  const protocol = fields.u16();
  fields.end();
  return protocol;
}
