import { outbox } from '#seams/mail/outbox.ts';
import type { Mail } from '#seams/mail/message.ts';
import type { Context } from './context.ts';
import { mailKeptMax } from './limits.ts';
import { sealedOutbox } from './outbox.ts';

type Mailbox = Mail & { read?: () => Promise<unknown[]> };

/** The mail seam: SMTP by URL, else the outbox that the console shows (which can then be read). */
export async function openMail(url: string | undefined, context: Context): Promise<Mailbox> {
  const store = sealedOutbox(context);
  await store.reseal();
  if (url !== undefined) return (await import('#seams/mail/mail.ts')).openMail(url);
  return { ...outbox({ keep: mailKeptMax, store }), read: () => store.read() };
}
