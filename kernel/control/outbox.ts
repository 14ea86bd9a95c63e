import type { Message } from '#seams/mail/message.ts';
import type { Context, Row } from './context.ts';

type Stored = { readonly to: string; readonly subject: string; readonly text: string; readonly at: number };
type Boxed = Pick<Context, 'system' | 'keeper' | 'ids' | 'now'>;

/** The embedded outbox: mails are kept, sealed, for an operator to read in the console; none leaves the machine. */
export function sealedOutbox(context: Boxed) {
  const db = context.system.platform();
  return {
    async put(mail: Message, keep: number): Promise<void> {
      const id = context.ids.next();
      const sealed = await context.keeper.seal(0n, Buffer.from(JSON.stringify({ ...mail, at: context.now() })), `mail ${id}`);
      await db.query('insert into platform.mail (id, sealed) values ($1, $2)', [id, sealed]);
      await db.query('delete from platform.mail where id <= (select id from platform.mail order by id desc offset $1 limit 1)', [keep]);
    },
    /** Forgets the mails to an address. */
    async forget(to: string): Promise<void> {
      const { rows } = await db.query('select id, sealed from platform.mail');
      for (const row of rows as Row[]) {
        const mail = JSON.parse((await context.keeper.open(0n, row.sealed as Buffer, `mail ${row.id}`)).toString()) as Stored;
        if (mail.to.toLowerCase() === to.toLowerCase()) await db.query('delete from platform.mail where id = $1', [row.id]);
      }
    },
    async read(): Promise<Stored[]> {
      const { rows } = await db.query('select id, sealed from platform.mail order by id desc', []);
      return Promise.all(
        (rows as Row[]).map(
          async (row) => JSON.parse((await context.keeper.open(0n, row.sealed as Buffer, `mail ${row.id}`)).toString()) as Stored,
        ),
      );
    },
  };
}
