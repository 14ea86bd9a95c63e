import type { Answer, Cells, Field, Kind } from '#engine/pgwire/application.ts';
import { type Column, elementOf, fieldsOf as typesIn, isRecord, oidOf, type Type } from '../../domain/value.ts';

export const none: Answer['rows'] = (async function* () {})();
export const fieldsOf = (columns: readonly Column[]): Field[] => columns.map(({ name, type }) => ({ name, ...kindOf(type) }));

function kindOf(type: Type): Kind {
  const [fields, element] = [typesIn(type), elementOf(type)];
  if (element && isRecord(element)) return { oid: oidOf(type), element: kindOf(element) };
  return { oid: oidOf(type), ...(fields ? { fields: fields.map(kindOf) } : {}) };
}

/** Rows of a body, block by block as it is read. */
export async function* blocksOf(body: AsyncIterable<Uint8Array> | undefined): AsyncGenerator<readonly Cells[]> {
  for await (const bytes of body ?? []) yield JSON.parse(Buffer.from(bytes).toString()) as Cells[];
}

export async function* block(rows: readonly Cells[]): AsyncGenerator<readonly Cells[]> {
  yield rows;
}

/** The connection itself does what it is asked. */
export const unasked = (): never => {
  throw new TypeError('a statement about the connection came to the desk');
};
