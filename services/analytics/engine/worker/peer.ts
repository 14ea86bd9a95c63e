import { ringWaitMs } from './limits.ts';
import { Ring } from './ring.ts';

/** Shared memory of workers: a ring from each to each other, `rings[from][to]`, and a bell for each. */
export type Shared = { readonly rings: readonly (readonly SharedArrayBuffer[])[]; readonly bells: SharedArrayBuffer };

/** What a worker says to another: rows, or how the step ended for it. */
export const said = { rows: 0, done: 1, failed: 2 } as const;
type Kind = (typeof said)[keyof typeof said];
type Frame = { readonly kind: Kind; readonly bytes: Uint8Array<ArrayBuffer> };

/** The length of what comes, and its kind. */
const headLength = 8;
const none = new Uint8Array(0);

/** A step that cannot go on because it failed for another worker. */
export class Abandoned extends Error {}

/** The way to and from one other worker. */
class Peer {
  readonly number: number;
  readonly #to: Ring;
  readonly #from: Ring;
  #sending: Uint8Array = none;
  #sent = 0;
  readonly #head = new Uint8Array(headLength);
  #headRead = 0;
  #body: Uint8Array<ArrayBuffer> = none;
  #bodyRead = 0;

  constructor(number: number, to: Ring, from: Ring) {
    this.number = number;
    this.#to = to;
    this.#from = from;
  }

  give(kind: Kind, bytes: Uint8Array): void {
    const frame = new Uint8Array(headLength + bytes.length);
    new Uint32Array(frame.buffer, 0, 2).set([bytes.length, kind]);
    frame.set(bytes, headLength);
    this.#sending = frame;
    this.#sent = 0;
  }

  get isSent(): boolean {
    return this.#sent === this.#sending.length;
  }

  /** Goes on with what is to be sent; whether anything went. */
  send(): boolean {
    if (this.isSent) return false;
    const count = this.#to.write(this.#sending, this.#sent);
    this.#sent += count;
    return count > 0;
  }

  /** Goes on with what comes: whether anything came, and the frame, when it is whole. */
  receive(): { readonly moved: boolean; readonly frame: Frame | undefined } {
    let moved = false;
    if (this.#headRead < headLength) {
      const count = this.#from.read(this.#head, this.#headRead);
      this.#headRead += count;
      moved = count > 0;
      if (this.#headRead < headLength) return { moved, frame: undefined };
      // Typed arrays of what was sent begin at its first byte.
      this.#body = new Uint8Array(new Uint32Array(this.#head.buffer)[0] as number);
      this.#bodyRead = 0;
    }
    const count = this.#from.read(this.#body, this.#bodyRead);
    this.#bodyRead += count;
    if (this.#bodyRead < this.#body.length) return { moved: moved || count > 0, frame: undefined };
    this.#headRead = 0;
    return { moved: true, frame: { kind: new Uint32Array(this.#head.buffer)[1] as Kind, bytes: this.#body } };
  }
}

/**
 * The other workers, as one of them sees them. All of them take the same steps in the same order and hand rows over at the
 * same places of each, so that a frame needs no address. A step ends with what each says of it to all: until it has that of
 * all others, a worker takes what they still send, so that nobody waits for room.
 */
export class Peers {
  readonly number: number;
  readonly count: number;
  readonly #peers: readonly Peer[];
  readonly #bells: Int32Array;
  /** What others said of the step that goes on. */
  readonly #ends = new Map<number, Frame>();

  constructor(number: number, { rings, bells }: Shared) {
    this.number = number;
    this.count = rings.length;
    this.#bells = new Int32Array(bells);
    this.#peers = rings.flatMap((_, other) => {
      const [to, from] = [rings[number]?.[other], rings[other]?.[number]];
      return other === number || !to || !from ? [] : [new Peer(other, new Ring(to), new Ring(from))];
    });
  }

  /** Gives each other worker its part and answers, by worker, what they gave this one. Throws Abandoned where a step failed. */
  swap(parts: readonly Uint8Array[]): Map<number, Uint8Array<ArrayBuffer>> {
    const taken = new Map<number, Uint8Array<ArrayBuffer>>();
    for (const peer of this.#peers) peer.give(said.rows, parts[peer.number] ?? none);
    this.#work((peer, { kind, bytes }) => {
      if (kind === said.rows) taken.set(peer.number, bytes);
      else this.#ends.set(peer.number, { kind, bytes });
      return true;
    });
    if (taken.size < this.#peers.length) throw new Abandoned('The step failed in another worker.');
    return taken;
  }

  /** Ends the step here and waits for the others; answers what they said of it, undefined where it failed for one. */
  end(kind: typeof said.done | typeof said.failed, bytes: Uint8Array): Uint8Array<ArrayBuffer>[] | undefined {
    for (const peer of this.#peers) peer.give(kind, bytes);
    this.#work((peer, frame) => {
      if (frame.kind === said.rows) return false;
      this.#ends.set(peer.number, frame);
      return true;
    }, this.#ends);
    const ends = [...this.#ends.values()];
    this.#ends.clear();
    return kind === said.done && ends.every((end) => end.kind === said.done) ? ends.map((end) => end.bytes) : undefined;
  }

  /** Sends what there is to send and takes a frame of each peer, until `take` says of each that it was the one waited for. */
  #work(take: (peer: Peer, frame: Frame) => boolean, known?: ReadonlyMap<number, unknown>): void {
    const waiting = new Set(this.#peers.filter(({ number }) => !known?.has(number)));
    for (;;) {
      const heard = Atomics.load(this.#bells, this.number);
      let moved = false;
      for (const peer of this.#peers) {
        let ring = peer.send();
        if (waiting.has(peer)) {
          const { moved: came, frame } = peer.receive();
          ring ||= came;
          if (frame && take(peer, frame)) waiting.delete(peer);
        }
        if (!ring) continue;
        moved = true;
        Atomics.add(this.#bells, peer.number, 1);
        Atomics.notify(this.#bells, peer.number);
      }
      if (waiting.size === 0 && this.#peers.every(({ isSent }) => isSent)) return;
      if (!moved) Atomics.wait(this.#bells, this.number, heard, ringWaitMs);
    }
  }
}
