import type { Posted } from '../store/outbox.ts';

/** A way to somewhere that is open. */
export type Carriage = {
  /** The last commit that is there already, as the other side knows it; below nothing where it knows none. */
  readonly done: bigint;
  /** Takes whole commits there, in their order. */
  carry(posted: readonly Posted[]): Promise<void>;
  close(): Promise<void>;
};

/** How what commits give out gets to where it goes. Who opens it again goes on behind what is there. */
export type Carrier = { open(signal: AbortSignal): Promise<Carriage> };
