import { stripeDataBytes } from './frame.ts';
import type { RemotePlace } from './record.ts';
import type { RemoteBlobs } from './remote.ts';
import { atStep } from './step.ts';

/** Sends bytes to the operator's store while they stream, a piece after the other; several may be on their way. */
export class RemoteWriter {
  readonly id: string;
  readonly #store: RemoteBlobs;
  readonly #scope: bigint;
  readonly #sent: Promise<void>[] = [];
  #failure: { readonly error: unknown } | undefined;

  constructor(id: string, store: RemoteBlobs, scope: bigint) {
    this.id = id;
    this.#store = store;
    this.#scope = scope;
  }

  /** Takes a piece: a full one, or the last. Resolves when it is on its way. */
  async write(pieces: readonly Uint8Array[], length: number): Promise<void> {
    if (this.#failure) throw this.#failure.error;
    const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, length);
    const { sent } = await this.#store.put(this.#scope, this.id, this.#sent.length, bytes);
    this.#sent.push(sent);
    sent.catch((error: unknown) => {
      this.#failure ??= { error };
    });
  }

  /** Resolves when the store has acknowledged every piece. */
  async finish(): Promise<RemotePlace> {
    await Promise.all(this.#sent);
    atStep('pieces-stored');
    return { remote: this.#scope, pieceBytes: stripeDataBytes };
  }

  /** Waits for what is on its way. Whoever began the writer removes it. */
  async abandon(): Promise<void> {
    await Promise.allSettled(this.#sent);
  }
}
