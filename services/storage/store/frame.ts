import { type Coder, dataShards, type Stripe } from '../engine/stripe.ts';
import { headBytes, unitMaxBytes } from '../engine/limits.ts';

/** Bytes of the data of a full stripe. */
export const stripeDataBytes = dataShards * unitMaxBytes;
const frameMostBytes = headBytes + unitMaxBytes;
const magic = 0x31524647;

/** How `size` bytes lie in stripes: all are full but the last, whose shards are as short as they may be. */
export type Geometry = { readonly stripes: number; readonly lastUnit: number; readonly size: number };

export function geometryOf(size: number): Geometry {
  const stripes = Math.ceil(size / stripeDataBytes);
  const rest = size - (stripes - 1) * stripeDataBytes;
  return { stripes, lastUnit: unitFor(rest), size };
}

/** Bytes of a shard that holds its part of this many bytes: a multiple of 64. */
export function unitFor(bytes: number): number {
  return Math.ceil(bytes / dataShards / 64) * 64;
}

export function unitOf({ stripes, lastUnit }: Geometry, stripe: number): number {
  return stripe < stripes - 1 ? unitMaxBytes : lastUnit;
}

/** Where a stripe's frame begins in the file of each shard. */
export function frameAt(stripe: number): number {
  return stripe * frameMostBytes;
}

/** Bytes of the file of each shard. */
export function runFileBytes({ stripes, lastUnit }: Geometry): number {
  return frameAt(stripes - 1) + headBytes + lastUnit;
}

/** Writes the header of a shard's frame: magic, CRC-32C of what follows, length, stripe, shard, and the id it belongs to. */
export function sealFrame(coder: Coder, stripe: Stripe, shard: number, unit: number, of: { id: Buffer; stripe: number }): Uint8Array {
  const frame = coder.frame(stripe, shard, unit);
  const view = new DataView(frame.buffer, frame.byteOffset, headBytes);
  view.setUint32(0, magic, true);
  view.setUint32(8, unit, true);
  view.setUint32(12, of.stripe, true);
  view.setUint32(16, shard, true);
  frame.set(of.id.subarray(0, 12), 20);
  view.setUint32(4, coder.frameSum(stripe, shard, unit), true);
  return frame;
}

type FrameOf = { readonly id: Buffer; readonly stripe: number; readonly isSealed?: boolean };

/**
 * Whether the frame that was read into the stripe is whole, and the one that was asked for. Of one that is sealed the bytes are not
 * looked at.
 */
export function isFrame(coder: Coder, stripe: Stripe, shard: number, unit: number, of: FrameOf): boolean {
  const frame = coder.frame(stripe, shard, unit);
  const view = new DataView(frame.buffer, frame.byteOffset, headBytes);
  return (
    view.getUint32(0, true) === magic &&
    view.getUint32(8, true) === unit &&
    view.getUint32(12, true) === of.stripe &&
    view.getUint32(16, true) === shard &&
    Buffer.compare(frame.subarray(20, 32), of.id.subarray(0, 12)) === 0 &&
    (of.isSealed || view.getUint32(4, true) === coder.frameSum(stripe, shard, unit))
  );
}
