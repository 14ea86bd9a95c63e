import assert from 'node:assert/strict';
import type { Mark, Position } from '#kernel/journal/frame.ts';
import type { Batch } from '#kernel/journal/tail.ts';

/** What is known of a record: a refused one must never be read, a known one exactly once, another at most once. */
export type Fate = 'pending' | 'durable' | 'refused' | 'unknown';

export type Appended = { readonly id: number; readonly bytes: Buffer; readonly type: number; fate: Fate; sequence?: number };

/** What a journal must do, plainly: the records appended, and a recorder's store that commits records and cursor as one. */
export class Model {
  readonly appended: Appended[] = [];
  /** The ids read, in order: the one at place n has sequence n + 1. */
  readonly store: number[] = [];
  /** Every position the recorder has committed. */
  readonly cursors: Mark[] = [];
  readonly #read = new Set<number>();

  get cursor(): Mark | undefined {
    return this.cursors.at(-1);
  }

  /** A record to append; its bytes tell it apart and fill up to so many bytes. */
  create(size: number): Appended {
    const id = this.appended.length;
    const bytes = Buffer.alloc(Math.max(4, size), id % 251);
    bytes.writeUInt32BE(id);
    const record: Appended = { id, bytes, type: id % 7, fate: 'pending' };
    this.appended.push(record);
    return record;
  }

  acknowledge(record: Appended, position: Position | undefined): void {
    record.fate = 'durable';
    if (position) record.sequence = position.sequence;
  }

  /** The recorder's transaction. */
  commit({ records, next }: Batch): void {
    for (const { type, sequence, bytes } of records) {
      const known = this.appended[Buffer.from(bytes).readUInt32BE(0)];
      assert(known, `record ${sequence} was never appended`);
      assert.equal(sequence, this.store.length + 1, `record ${known.id} breaks the density of sequences`);
      assert(!this.#read.has(known.id), `record ${known.id} is read twice`);
      assert(known.bytes.equals(bytes) && known.type === type, `record ${known.id} is not read as it was appended`);
      assert.notEqual(known.fate, 'refused', `record ${known.id} was refused and is read`);
      if (known.sequence !== undefined) assert.equal(sequence, known.sequence, `record ${known.id} is not where it was promised`);
      this.#read.add(known.id);
      this.store.push(known.id);
    }
    assert.equal(next.sequence, this.store.length + 1, 'the position after a batch does not name the next record');
    this.cursors.push(next);
  }

  /** What must hold when the recorder has caught up. */
  checkComplete(): void {
    for (const { id, fate, sequence } of this.appended) {
      if (fate === 'durable') assert(this.#read.has(id), `record ${id} was acknowledged (sequence ${sequence}) and is never read`);
    }
  }

  /** Records read again from a committed cursor are those that were read from there before. */
  checkReplay(from: Mark, batches: readonly Batch[]): void {
    let sequence = from.sequence;
    for (const { records } of batches) {
      for (const record of records) {
        assert.equal(record.sequence, sequence, 'a replay gives other sequences');
        const id = Buffer.from(record.bytes).readUInt32BE(0);
        assert.equal(id, this.store[sequence - 1], `record ${sequence} is another one when it is read again`);
        sequence++;
      }
    }
    assert.equal(sequence, this.store.length + 1, 'a replay gives fewer records');
  }
}
