import type { Message } from '#seams/mail/message.ts';
import { fault } from '../contract/fault.ts';
import type { Context, Row } from './context.ts';
import { accountOf } from './person.ts';
import { isErased, ofPerson, openPersonal, sealPersonal } from './personal.ts';

type Stored = { readonly to: string; readonly subject: string; readonly text: string; readonly at: number };
type Boxed = Pick<Context, 'system' | 'keeper' | 'ids' | 'now'>;

const place = (id: unknown): string => `mail ${id}`;

/** The embedded outbox: mails are kept, sealed for whom they go to, for an operator to read in the console; none leaves the machine. */
export function sealedOutbox(context: Boxed) {
  const db = context.system.platform();

  async function recipient(to: string): Promise<bigint | undefined> {
    const { rows } = await db.query('select id from platform.person where email_hash = $1', [await accountOf(context, to)]);
    return (rows[0] as Row | undefined)?.id as bigint | undefined;
  }

  /** Undefined for a person who was erased, and whom an older backup brought back. */
  async function sealedFor(person: bigint, plain: Buffer, id: unknown): Promise<Buffer | undefined> {
    try {
      return await sealPersonal(context, ofPerson(person), plain, place(id));
    } catch (error) {
      if (isErased(error)) return undefined;
      throw error;
    }
  }

  return {
    async put(mail: Message, keep: number): Promise<void> {
      const id = context.ids.next();
      const person = await recipient(mail.to);
      if (person === undefined) throw fault('NotFound', 'Nobody here has this address.');
      const sealed = await sealPersonal(context, ofPerson(person), JSON.stringify({ ...mail, at: context.now() }), place(id));
      await db.query('insert into platform.mail (id, person, sealed) values ($1, $2, $3)', [id, person, sealed]);
      await db.query('delete from platform.mail where id <= (select id from platform.mail order by id desc offset $1 limit 1)', [keep]);
    },
    async read(): Promise<Stored[]> {
      const { rows } = await db.query('select id, person, sealed from platform.mail where person is not null order by id desc', []);
      const mails = await Promise.all(
        (rows as Row[]).map((row) => openPersonal(context, ofPerson(row.person as bigint), row.sealed, place(row.id))),
      );
      return mails.flatMap((plain) => (plain ? [JSON.parse(plain.toString()) as Stored] : []));
    },
    /** Finds out whose the mails are that an earlier release kept, and seals them for these; there are few. */
    async reseal(): Promise<void> {
      const { rows } = await db.query('select id, sealed from platform.mail where person is null');
      for (const row of rows as Row[]) {
        const plain = await context.keeper.open(0n, row.sealed as Buffer, place(row.id));
        const person = await recipient((JSON.parse(plain.toString()) as Stored).to);
        const sealed = person === undefined ? undefined : await sealedFor(person, plain, row.id);
        if (sealed === undefined) await db.query('delete from platform.mail where id = $1', [row.id]);
        else await db.query('update platform.mail set person = $2, sealed = $3 where id = $1', [row.id, person, sealed]);
      }
    },
  };
}
