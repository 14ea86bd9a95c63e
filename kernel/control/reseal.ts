import { sealedVersion, subjectVersion } from '../keys/sealed.ts';
import type { Context, Row } from './context.ts';
import { factorPlace, titlePlace } from './identity/factor.ts';
import { lastPlace } from './identity/login.ts';
import { resealBatchMax } from './limits.ts';
import { emailPlace, type Held, holderOf, originPlace } from './person.ts';
import { isErased, ofPerson, openPersonal, sealPersonal } from './personal.ts';

/** A column with a personal field, and for what place it is sealed. `plain`: a column that held it in the clear. */
type Field = { readonly column: string; readonly plain?: string; place(row: Row): string };
type Table = { readonly name: string; readonly fields: readonly Field[]; who(row: Row): string };

const tables: readonly Table[] = [
  {
    name: 'person',
    fields: [
      { column: 'email_sealed', place: ({ id }) => emailPlace(id as bigint) },
      { column: 'last_sealed', place: ({ id }) => lastPlace(id as bigint) },
    ],
    who: ({ id }) => ofPerson(id as bigint),
  },
  {
    name: 'factor',
    fields: [
      { column: 'sealed', place: ({ id }) => factorPlace(id) },
      { column: 'title_sealed', plain: 'title', place: ({ id }) => titlePlace(id) },
    ],
    who: ({ person }) => ofPerson(person as bigint),
  },
  {
    name: 'session',
    fields: [{ column: 'origin_sealed', place: ({ id }) => originPlace(String(id)) }],
    who: (row) => holderOf(row as Held),
  },
];

/**
 * Seals anew, under the keys of whom they are about, the fields that an earlier release sealed under the platform's ring; both
 * forms are read meanwhile. What was cut short goes on with the next start. Returns how to stop.
 */
export function startReseal(context: Context): () => Promise<void> {
  let stopped = false;
  const running = reseal(context, () => stopped).catch((error) =>
    context.log('warn', 'personal fields were not sealed anew; the next start goes on', { error: String(error) }),
  );
  return async () => {
    stopped = true;
    await running;
  };
}

async function reseal(context: Context, isStopped: () => boolean): Promise<void> {
  const db = context.system.platform();
  const { rows } = await db.query('select name from platform.reseal');
  const due = (rows as Row[]).map(({ name }) => String(name));
  let count = 0;
  for (const table of tables) if (due.includes(table.name)) count += await resealTable(context, table, isStopped);
  if (due.length === 0 || isStopped()) return;
  // What was there before stands in freed pages and in the write-ahead log still.
  await context.purge(due);
  await db.query('delete from platform.reseal where name = any($1::text[])', [due]);
  context.log('info', 'personal fields lie under the keys of whom they are about', { sealedAnew: count });
}

async function resealTable(context: Context, table: Table, isStopped: () => boolean): Promise<number> {
  const db = context.system.platform();
  let count = 0;
  for (let after: unknown; !isStopped(); ) {
    const { rows } = await db.query(
      `select * from platform.${table.name} ${after === undefined ? '' : 'where id > $2'} order by id limit $1`,
      after === undefined ? [resealBatchMax] : [resealBatchMax, after],
    );
    for (const row of rows as Row[]) for (const field of table.fields) if (await resealField(context, table, field, row)) count += 1;
    if (rows.length < resealBatchMax) break;
    after = (rows.at(-1) as Row).id;
  }
  return count;
}

/** Whether there was something to seal anew. A value that changed meanwhile is sealed rightly already. */
async function resealField(context: Context, { name, who }: Table, field: Field, row: Row): Promise<boolean> {
  const before = row[field.column];
  const open = field.plain === undefined ? undefined : row[field.plain];
  if (before instanceof Uint8Array ? sealedVersion(before) === subjectVersion : typeof open !== 'string') return false;
  try {
    const plain = before instanceof Uint8Array ? await openPersonal(context, who(row), before, field.place(row)) : String(open);
    if (plain === undefined) return false;
    const sealed = await sealPersonal(context, who(row), plain, field.place(row));
    const cleared = field.plain === undefined ? '' : `, ${field.plain} = null`;
    const { count } = await context.system
      .platform()
      .query(
        `update platform.${name} set ${field.column} = $2 ${cleared} where id = $1 and ${field.column} is not distinct from $3::bytea`,
        [row.id, sealed, before ?? null],
      );
    return count > 0;
  } catch (error) {
    // They were erased meanwhile, and the row with them.
    if (isErased(error)) return false;
    throw error;
  }
}
