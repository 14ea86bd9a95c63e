import type { Incoming, Outgoing } from '#seams/log/log.ts';

/** A record that was refused, as the cells of a letter: where it is from, why it was refused, its key and value in base64. */
export const deadLetter = ({ topic, partition, offset, key, value }: Incoming, view: string, reason: string): (string | null)[] => [
  ...[topic, String(partition), String(offset), view, reason],
  ...[key?.toString('base64') ?? null, value?.toString('base64') ?? null],
];

const bytes = (cell: string | null | undefined): Buffer | null =>
  cell === null || cell === undefined ? null : Buffer.from(cell, 'base64');

/** Refused records as they came, with their place, the view and the reason in headers. */
export const deadRecords = (letters: readonly (readonly (string | null)[])[]): Outgoing[] =>
  letters.map(([topic = '', partition = '', offset = '', view = '', reason = '', key, value]) => ({
    ...{ key: bytes(key), value: bytes(value) },
    headers: { topic, partition, offset, view, reason },
  }));
