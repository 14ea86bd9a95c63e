import { Channels } from '#engine/pgwire/channels.ts';

/** The channels of each environment that somebody is connected to. The service is one process, so that they are all here. */
export class ChannelsOf {
  readonly #open = new Map<bigint, { readonly channels: Channels; connections: number }>();

  /** Those of an environment, until the connection leaves. */
  enter(scope: bigint): Channels {
    const known = this.#open.get(scope) ?? { channels: new Channels(), connections: 0 };
    known.connections += 1;
    this.#open.set(scope, known);
    return known.channels;
  }

  leave(scope: bigint): void {
    const known = this.#open.get(scope);
    if (known && --known.connections === 0) this.#open.delete(scope);
  }
}
