import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Overrun, routineStates } from '../../domain/routine.ts';
import { roomShare, stepShare, viewHeldBytes } from './limits.ts';
import { Scratch, type ScratchTable } from './scratch.ts';

/** Where a view puts what its memory has no room for, and how much of either it may have; `memory`: it has that with others. */
export type Spill = {
  readonly directory: string;
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly memory?: Memory;
  /** Bytes that may be in memory in any case, because they cannot leave it; `viewHeldBytes` where it is not said. */
  readonly heldBytes?: number;
};

/** What a view has in memory that cannot leave it. */
type Holding = { readonly heldBytes?: number };

/** The memory that the views of an environment have together. */
export class Memory {
  readonly #rooms = new Set<Room>();

  add(room: Room): void {
    this.#rooms.add(room);
  }

  remove(room: Room): void {
    this.#rooms.delete(room);
  }

  /** What one of them may have: an equal part, and of what others do not need as much as the rest of those that need more. */
  allowed(memoryBytes: number): number {
    const needed = [...this.#rooms].map(({ bytes }) => bytes).sort((a, b) => a - b);
    let left = memoryBytes;
    for (const [at, bytes] of needed.entries()) {
      const part = left / (needed.length - at);
      if (bytes > part) return part;
      left -= bytes;
    }
    return memoryBytes;
  }
}

/** What the views of each environment may have. */
export class Spills {
  readonly #spill: Spill;
  readonly #memories = new Map<bigint, Memory>();

  constructor(spill: Spill) {
    this.#spill = spill;
  }

  of(scope: bigint): Spill {
    const memory = this.#memories.get(scope) ?? new Memory();
    this.#memories.set(scope, memory);
    return { ...this.#spill, memory };
  }
}

/** State that may leave the memory: what is under a key leaves together, and comes back when a step asks for it. */
export interface Spilling {
  /** Bytes in memory, about. */
  readonly bytes: number;
  /** Rows and groups that are on disk alone. */
  readonly away: number;
  /** Rows and groups that have to be in memory at once for the step that goes on. */
  readonly held: number;
  /** Is told once where to it may go. */
  leaveTo(table: ScratchTable): void;
  /** Has what was longest not asked for leave the memory, about so many bytes of it. */
  leave(bytes: number): void;
  /** Takes from the disk what is gone for good. */
  sweep(): void;
}

/** What is where of a view. */
export type Kept = { readonly memoryBytes: number; readonly diskRows: number; readonly diskBytes: number };

/** The memory of one view's state: what it has no room for goes to disk. */
export class Room {
  readonly #spill: Spill;
  readonly #scratch: Scratch;
  #states: Spilling[] = [];
  #holdings: Holding[] = [];
  /** Bytes that were in memory, and could not leave it, when there was room for them. */
  #stood = 0;
  #tables = 0;

  constructor(spill: Spill) {
    this.#spill = spill;
    this.#scratch = new Scratch(join(spill.directory, randomUUID()), spill.diskBytes);
    spill.memory?.add(this);
  }

  add(state: Spilling): void {
    this.#states.push(state);
    this.#tables += 1;
    state.leaveTo(this.#scratch.table(String(this.#tables)));
  }

  /** Counts what cannot leave the memory. */
  hold(holding: Holding): void {
    this.#holdings.push(holding);
  }

  release(holding: Holding): void {
    this.#holdings = this.#holdings.filter((each) => each !== holding);
  }

  /** Forgets state that is not used any more. */
  remove(state: Spilling): void {
    this.#states = this.#states.filter((each) => each !== state);
  }

  get memoryBytes(): number {
    return this.#spill.memory?.allowed(this.#spill.memoryBytes) ?? this.#spill.memoryBytes;
  }

  /** Bytes in memory, about. */
  get bytes(): number {
    const held = this.#holdings.reduce((sum, { heldBytes = 0 }) => sum + heldBytes, 0);
    return this.#states.reduce((sum, { bytes }) => sum + bytes, held);
  }

  /**
   * Makes room between two steps; fails where the disk is full, and then all is as it was, and where what cannot leave the memory
   * became more than it may be.
   */
  make(): void {
    for (const state of this.#states) state.sweep();
    const { memoryBytes } = this;
    // What leaves may be smaller than most; what was changed and not settled stays.
    for (let [bytes, before] = [this.bytes, Number.POSITIVE_INFINITY]; bytes > memoryBytes && bytes < before; ) {
      const excess = bytes - (memoryBytes * (roomShare - 1)) / roomShare;
      for (const state of this.#states) if (state.bytes > 0) state.leave((excess * state.bytes) / bytes);
      [before, bytes] = [bytes, this.bytes];
    }
    // What stood before is not to fall because others came to need more.
    const { bytes } = this;
    if (bytes > this.#stood) this.#refuse(bytes, Math.max(memoryBytes, this.#heldBytes));
    this.#stood = bytes;
  }

  /** Fails where a step has brought more into memory than may be there until the next. */
  check(): void {
    this.#refuse(this.bytes, stepShare * Math.max(this.#spill.memoryBytes, this.#heldBytes));
  }

  get #heldBytes(): number {
    return this.#spill.heldBytes ?? viewHeldBytes;
  }

  #refuse(bytes: number, most: number): void {
    if (bytes <= most) return;
    const [own, may] = [bytes, most].map((each) => `${(each / 1_048_576).toFixed(1)} MiB`);
    throw new Overrun(
      routineStates.memory,
      `what it remembers takes ${own} of memory and cannot leave it; it may have ${may} (GAMUT_ANALYTICS_MEMORY_MB)`,
    );
  }

  get kept(): Kept {
    return {
      ...{ memoryBytes: this.bytes, diskBytes: this.#scratch.bytes },
      diskRows: this.#states.reduce((sum, { away }) => sum + away, 0),
    };
  }

  close(): Promise<void> {
    this.#spill.memory?.remove(this);
    return this.#scratch.close();
  }
}
